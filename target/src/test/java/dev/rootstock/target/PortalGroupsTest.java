// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.initiator.PduSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several portal groups on one server (RFC 7143 §4.2.1, §4.4.3, §13.8, §13.9, Appendix C). */
class PortalGroupsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final LoginOptions SEVERAL = TestServer.options().with("MaxConnections", "4");
  private static final LoginOptions DISCOVERY = LoginOptions.discovery(TestServer.INITIATOR);

  private final OpenAdmission admission = new OpenAdmission(new MemoryBlockDevice(1 << 20));
  private final List<PduSocket> sockets = new ArrayList<>();
  private IscsiTarget target;

  /** Portals 0 and 1 are group 1, portal 2 is group 2, both of IPv4; 3 and 4 are these of IPv6. */
  @BeforeEach
  void start() throws IOException {
    InetSocketAddress four = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    InetSocketAddress six = new InetSocketAddress(InetAddress.ofLiteral("::1"), 0);
    target =
        IscsiTarget.start(
            TargetSettings.of(
                    List.of(
                        new Portal(four, 1),
                        new Portal(four, 1),
                        new Portal(four, 2),
                        new Portal(six, 1),
                        new Portal(six, 2)))
                .withEventLoops(2),
            admission);
  }

  @AfterEach
  void stop() throws IOException {
    for (PduSocket socket : sockets) {
      socket.close();
    }
    target.close();
  }

  private PduSocket connect(int portal) throws IOException {
    PduSocket socket = PduSocket.connect(target.addresses().get(portal), PATIENCE);
    sockets.add(socket);
    return socket;
  }

  private Initiator discover(int portal) throws IOException {
    return Initiator.login(connect(portal), DISCOVERY);
  }

  /** A session whose unit attention of a power-on has been told already. */
  private Initiator login(int portal) throws IOException {
    Initiator initiator = Initiator.login(connect(portal), SEVERAL);
    initiator.read(0, new byte[6], 0);
    return initiator;
  }

  private String told(int portal, int group) {
    InetSocketAddress address = target.addresses().get(portal);
    String host = address.getAddress().getAddress().length == 4 ? "127.0.0.1" : "[0:0:0:0:0:0:0:1]";
    return host + ":" + address.getPort() + "," + group;
  }

  @Test
  void aLoginIsToldTheGroupOfItsPortal() throws Exception {
    assertEquals("1", discover(1).agreed().get("TargetPortalGroupTag"));
    assertEquals("2", discover(2).agreed().get("TargetPortalGroupTag"));
    assertEquals("2", login(2).agreed().get("TargetPortalGroupTag"));
    assertEquals("2", discover(4).agreed().get("TargetPortalGroupTag"));
  }

  @Test
  void sendTargetsNamesThePortalsOfAllGroupsWithTheirTags() throws Exception {
    assertEquals(
        List.of(told(1, 1), told(0, 1), told(2, 2)),
        discover(1).sendTargets("All").getFirst().addresses());
    assertEquals(
        List.of(told(2, 2), told(0, 1), told(1, 1)),
        login(2).sendTargets("").getFirst().addresses());
  }

  @Test
  void portalGroupsOfIpVersion6() throws Exception {
    assertEquals(
        List.of(told(4, 2), told(3, 1)), discover(4).sendTargets("All").getFirst().addresses());
    Initiator session = login(3);
    assertTrue(session.readBlocks(0, 0, 1).good());
    assertRefused(LoginStatus.CANNOT_INCLUDE_IN_SESSION, session, 4);
  }

  /** §4.4.3: the tag belongs to what tells sessions apart. */
  @Test
  void theSameIsidThroughAnotherGroupIsAnotherSession() throws Exception {
    Initiator one = login(0);
    Initiator two = login(2);
    assertNotEquals(one.tsih(), two.tsih());
    assertFalse(admission.requests().getLast().reinstatement());
    assertTrue(one.readBlocks(0, 0, 1).good());
    assertTrue(two.readBlocks(0, 0, 1).good());
  }

  @Test
  void theSameIsidThroughAnotherPortalOfTheGroupReinstates() throws Exception {
    Initiator one = login(0);
    Initiator again = login(1);
    assertTrue(one.socket().atEnd());
    assertTrue(again.readBlocks(0, 0, 1).good());
  }

  /** §4.2.1, §11.13.5: connections of a session come through one group, by IPv4 or IPv6. */
  @Test
  void aSessionHasItsConnectionsInOneGroup() throws Exception {
    Initiator session = login(0);
    assertTrue(session.join(connect(1), 1).readBlocks(0, 0, 1).good());
    assertTrue(session.join(connect(3), 2).readBlocks(0, 0, 1).good());
    assertRefused(LoginStatus.CANNOT_INCLUDE_IN_SESSION, session, 2);
    assertTrue(session.readBlocks(0, 0, 1).good());
  }

  private void assertRefused(LoginStatus status, Initiator session, int portal) throws IOException {
    PduSocket socket = connect(portal);
    assertEquals(
        status.code(),
        assertThrows(LoginRefusedException.class, () -> session.join(socket, 7)).status());
  }

  /** §4.4.1: a SCSI port is the target's name and the group's tag. */
  @Test
  void eachGroupIsATargetPortOfTheSameUnit() throws Exception {
    String one = identification(login(0));
    String two = identification(login(2));
    assertTrue(one.contains(OpenAdmission.TARGET + ",t,0x0001"), one);
    assertTrue(two.contains(OpenAdmission.TARGET + ",t,0x0002"), two);
  }

  private static String identification(Initiator initiator) throws IOException {
    byte[] inquiry = {0x12, 0x01, (byte) 0x83, 0x01, 0x00, 0x00};
    CommandResult result = initiator.read(0, inquiry, 256);
    assertTrue(result.good());
    return new String(result.data(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void aServerHasAtMostAsManyGroupsAsCanBeTold() {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    List<Portal> many = new ArrayList<>();
    for (int group = 1; group <= 256; group++) {
      many.add(new Portal(any, group));
    }
    assertThrows(IllegalArgumentException.class, () -> TargetSettings.of(many));
    assertThrows(IllegalArgumentException.class, () -> new Portal(any, 0));
    assertThrows(IllegalArgumentException.class, () -> new Portal(any, 0x10000));
  }
}
