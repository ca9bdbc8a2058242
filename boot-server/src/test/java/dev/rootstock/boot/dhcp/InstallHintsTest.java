// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.MessageType;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An iPXE that attaches a disk for an installer is told so, in the bytes that it reads. */
class InstallHintsTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final Inet4Address HOME = Inet4Address.ofLiteral("10.77.0.10");
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  /** Option 175: keep-san (8), skip-san-boot (9) and no-pxedhcp (176), each 1. */
  private static final String INSTALLS = "af09" + "080101" + "090101" + "b00101";

  private static final String BOOTS = "af03" + "b00101";

  private static DhcpClient client(IpxeOptions ipxe) {
    IscsiName target = new IscsiName("iqn.2026-11.dev.rootstock:01234567:alpha");
    return new DhcpClient(
        "alpha",
        Optional.of(HOME),
        Optional.empty(),
        true,
        Optional.of(
            RootPath.of(
                ServerName.of(SUBNET.serverAddress()), RootPath.DEFAULT_PORT, Lun.ZERO, target)),
        Optional.empty(),
        ipxe,
        false);
  }

  private static String answer(DhcpClient client, Request request) throws Exception {
    DhcpClients clients =
        new DhcpClients() {
          @Override
          public Recognised recognise(MachineKeys keys) {
            return new Recognised.Known(client);
          }

          @Override
          public boolean isTaken(Inet4Address address) {
            return address.equals(HOME);
          }

          @Override
          public CompletionStage<?> remember(DhcpClient each, Inet4Address address) {
            return CompletableFuture.completedFuture(null);
          }
        };
    DhcpResponder responder =
        new DhcpResponder(
            List.of(SUBNET),
            clients,
            (name, xid, stage) -> {},
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("install-hints-test"), 16, 16, 1, () -> 0),
            () -> 0);
    Answer answer =
        assertInstanceOf(Answer.class, responder.decide(request.ipxe().packet(), SUBNET));
    return HexFormat.of().formatHex(DhcpCodec.encode(answer.packet()));
  }

  private static Request discover() {
    return Request.of(MessageType.DISCOVER, MAC);
  }

  @Test
  void anInstallersDiskIsKeptAndNotBootedFrom() throws Exception {
    String offer = answer(client(DhcpClient.INSTALL_HINTS), discover());
    assertTrue(offer.contains(INSTALLS), offer);
    String ack =
        answer(
            client(DhcpClient.INSTALL_HINTS),
            Request.of(MessageType.REQUEST, MAC)
                .server("10.77.0.1")
                .requested(HOME.getHostAddress()));
    assertTrue(ack.contains(INSTALLS), ack);
  }

  @Test
  void anyOtherDiskIsBootedFrom() throws Exception {
    String offer = answer(client(DhcpClient.HINTS), discover());
    assertTrue(offer.contains(BOOTS), offer);
    assertFalse(offer.contains("080101090101"), offer);
  }

  /** What is no secret is told wherever the answer goes. */
  @Test
  void secretsThatAreHeldBackLeaveTheHints() throws Exception {
    IpxeOptions secret = DhcpClient.INSTALL_HINTS.with(IpxeOptions.PASSWORD, "a-secret-of-alpha");
    assertEquals(DhcpClient.INSTALL_HINTS, secret.withoutSecrets());
    String inform =
        answer(client(secret), Request.of(MessageType.INFORM, MAC).ciaddr("10.77.0.66"));
    assertTrue(inform.contains(INSTALLS), inform);
  }
}
