// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A machine on its way to being a client is not given what strangers get. */
class EnrollingMachineTest {
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private static String silence(boolean enrolling) throws Exception {
    DhcpResponder responder =
        new DhcpResponder(
            List.of(SUBNET),
            new FakeClients(),
            new DiscoverListener() {
              @Override
              public void discovered(String client, int xid, BootStage stage) {}

              @Override
              public boolean stranger(DhcpPacket packet, DhcpSubnet subnet) {
                assertEquals(SUBNET, subnet);
                return enrolling;
              }
            },
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("enrolling-machine-test"), 16, 16, 1, () -> 0),
            () -> 0);
    Request request = Request.of(MessageType.DISCOVER, "52:54:00:77:00:09").ipxe();
    return assertInstanceOf(Silence.class, responder.decide(request.packet(), SUBNET)).reason();
  }

  @Test
  void itIsLeftToAskAgain() throws Exception {
    assertEquals("a machine that is becoming a client, and asks again", silence(true));
  }

  @Test
  void anotherIsAStranger() throws Exception {
    assertEquals("unknown machine 52:54:00:77:00:09", silence(false));
  }
}
