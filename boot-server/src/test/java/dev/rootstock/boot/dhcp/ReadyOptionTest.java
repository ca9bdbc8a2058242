// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.IpxeOptions;
import java.net.Inet4Address;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the server tells of later steps of a boot: where to say ready, and which iPXE to load. */
class ReadyOptionTest {
  private static final String ALPHA = "52:54:00:77:00:01";
  private static final String URL = "http://10.77.0.1:8080/boots/alpha.TOKEN/ready";
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private final DiscoverListener listener =
      new DiscoverListener() {
        @Override
        public void discovered(String client, int xid, BootStage stage) {}

        @Override
        public Optional<String> systemReadyUrl(String client) {
          return Optional.of(URL);
        }
      };
  private long now;
  private final DhcpResponder responder =
      new DhcpResponder(
          List.of(SUBNET),
          new FakeClients().add("alpha", ALPHA, Optional.of("10.77.0.10")),
          listener,
          new BootPrograms(Map.of(Platform.BIOS, "whole.kpxe"), true, OptionalInt.empty(), false),
          new OnceLog(
              LoggerFactory.getLogger(ReadyOptionTest.class),
              Limits.LOGGED,
              Limits.LOG_BURST,
              Limits.LOG_LINES_PER_SECOND,
              () -> now),
          () -> now);

  private DhcpPacket offer(Request request) throws Exception {
    now += 1_000_000_000L;
    return assertInstanceOf(Answer.class, responder.decide(request.packet(), SUBNET)).packet();
  }

  @Test
  void aSystemThatAsksIsToldWhereToSayThatItIsReady() throws Exception {
    Request asking =
        Request.of(DISCOVER, ALPHA).with(DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 3, 224));
    assertEquals(Optional.of(URL), offer(asking).options().get(DhcpOption.READY_URL));
  }

  /** The number is a site's own: it goes to nobody who may mean something else by it. */
  @Test
  void whoDoesNotAskByNameIsNotTold() throws Exception {
    Request asking = Request.of(DISCOVER, ALPHA);
    assertEquals(Optional.empty(), offer(asking).options().get(DhcpOption.READY_URL));
    Request other = asking.with(DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 3));
    assertEquals(Optional.empty(), offer(other).options().get(DhcpOption.READY_URL));
  }

  /** The program has no iSCSI either: its chain of programs would have no end. */
  @Test
  void anIpxeThatLoadsOneLikeItselfIsEnded() throws Exception {
    for (int start = 0; start < Limits.CHAIN_LOADS; start++) {
      assertEquals("whole.kpxe", offer(withoutIscsi(start)).bootFile());
    }
    DhcpPacket last = offer(withoutIscsi(100));
    assertEquals("", last.bootFile());
    assertTrue(last.options().get(DhcpOption.BOOT_FILE).isEmpty());
  }

  private static Request withoutIscsi(int xid) {
    return Request.of(DISCOVER, ALPHA)
        .xid(xid)
        .with(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001")
        .with(DhcpOption.IPXE, IpxeOptions.switchedOn(IpxeOptions.FEATURE_HTTP));
  }
}
