// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.INFORM;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpOptions;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sockets, on the loopback interface. DhcpNamespaceIT has a real client on a real link. */
class DhcpServerTest {
  private static final int ANY_PORT = 0;
  private static final String MAC = "52:54:00:77:00:01";

  private final FakeClients clients = new FakeClients().add("alpha", MAC, Optional.of("127.0.0.9"));

  private static DhcpSubnet subnet(String interfaceName, String address) {
    return new DhcpSubnet(
        interfaceName,
        Inet4Address.ofLiteral(address),
        8,
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private DhcpServer start(DhcpSubnet subnet, int port) throws IOException {
    return DhcpServer.start(
        new DhcpSetup(List.of(subnet), BootPrograms.NONE, false),
        clients,
        (client, xid, stage) -> {},
        port);
  }

  private static void send(DatagramSocket socket, byte[] bytes, int port) throws IOException {
    socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), port));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
    assertTrue(condition.getAsBoolean(), "it did not happen in time");
  }

  @Test
  void goesOnAfterPacketsThatAreNone() throws Exception {
    try (DhcpServer server = start(subnet("lo", "127.0.0.1"), ANY_PORT);
        DatagramSocket client = new DatagramSocket()) {
      int port = server.port();
      Random random = new Random(67);
      for (int length : new int[] {1, 100, 239, 240, 300, 1500, 2000, 9000}) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        send(client, bytes, port);
      }
      send(client, DhcpCodec.encode(Request.of(INFORM, MAC).ciaddr("127.0.0.9").packet()), port);

      await(() -> server.counters().answered() == 1);
      assertEquals(new DhcpCounters(9, 8, 1), server.counters());
    }
  }

  @Test
  void doesNotAnswerStrangers() throws Exception {
    try (DhcpServer server = start(subnet("lo", "127.0.0.1"), ANY_PORT);
        DatagramSocket client = new DatagramSocket()) {
      int port = server.port();
      String stranger = "52:54:00:77:ff:ff";
      send(client, DhcpCodec.encode(Request.of(REQUEST, stranger).packet()), port);
      await(() -> server.counters().received() == 1);
      assertEquals(new DhcpCounters(1, 0, 0), server.counters());
    }
  }

  @Test
  void aPortThatIsTakenIsSaidInOneLine() throws Exception {
    try (DatagramSocket other = new DatagramSocket()) {
      String message = refused(subnet("lo", "127.0.0.1"), other.getLocalPort());
      assertTrue(message.contains("another program has it"), message);
      assertTrue(message.contains("port " + other.getLocalPort()), message);
    }
  }

  /** Another program may take one port in between, and not one after the other. */
  @Test
  void aServerThatEndedLeavesItsPort() throws Exception {
    for (int attempt = 1; ; attempt++) {
      DhcpServer first = start(subnet("lo", "127.0.0.1"), ANY_PORT);
      int port = first.port();
      first.close();
      try {
        start(subnet("lo", "127.0.0.1"), port).close();
        return;
      } catch (IOException e) {
        assertTrue(attempt < 10, String.valueOf(e.getMessage()));
      }
    }
  }

  @Test
  void anInterfaceThatIsNotThereIsSaidInOneLine() throws Exception {
    String message = refused(subnet("nosuch0", "127.0.0.1"), ANY_PORT);
    assertTrue(message.contains("no network interface nosuch0"), message);
    assertTrue(message.contains("lo"), message);
  }

  @Test
  void anAddressThatIsNotOursIsSaidInOneLine() throws Exception {
    String message = refused(subnet("lo", "127.9.9.9"), ANY_PORT);
    assertTrue(message.contains("does not have the address 127.9.9.9"), message);
    assertTrue(message.contains("127.0.0.1"), message);
  }

  /** A relay agent's address could mean either. */
  @Test
  void networksThatOverlapAreSaidInOneLine() throws Exception {
    DhcpSubnet far =
        new DhcpSubnet(
            "lo",
            Inet4Address.ofLiteral("127.0.0.1"),
            Optional.of(Inet4Address.ofLiteral("127.88.0.0")),
            16,
            Optional.empty(),
            Optional.empty(),
            List.of(),
            DhcpOptions.builder().build());
    DhcpSetup setup =
        new DhcpSetup(List.of(subnet("lo", "127.0.0.1"), far), BootPrograms.NONE, false);
    IOException error =
        assertThrows(
            IOException.class,
            () -> DhcpServer.start(setup, clients, (client, xid, stage) -> {}, ANY_PORT).close());
    String message = String.valueOf(error.getMessage());
    assertTrue(message.contains("127.0.0.0/8 and 127.88.0.0/16, which overlap"), message);
  }

  /** What was acknowledged to a stranger is on the disk, and is not given to another. */
  @Test
  void aStrangersLeaseIsThereAfterARestart(@TempDir Path data) throws Exception {
    DhcpSubnet served =
        new DhcpSubnet(
            "lo",
            Inet4Address.ofLiteral("127.0.0.1"),
            8,
            Optional.of(
                new AddressRange(
                    Inet4Address.ofLiteral("127.0.1.1"), Inet4Address.ofLiteral("127.0.1.9"))),
            Optional.empty(),
            List.of());
    DhcpSetup setup =
        new DhcpSetup(
            List.of(served),
            BootPrograms.NONE,
            false,
            Optional.of(new DhcpSetup.Strangers(data, Duration.ofHours(1))),
            false,
            false);
    try (DhcpServer server =
            DhcpServer.start(setup, clients, (client, xid, stage) -> {}, ANY_PORT);
        DatagramSocket stranger = new DatagramSocket()) {
      byte[] select =
          DhcpCodec.encode(
              Request.of(REQUEST, "52:54:00:ff:00:01")
                  .server("127.0.0.1")
                  .requested("127.0.1.5")
                  .packet());
      send(stranger, select, server.port());
      await(() -> server.counters().answered() == 1);
    }
    List<String> leases = new ArrayList<>();
    LeaseLog.open(
            data, lease -> leases.add(lease.address().getHostAddress() + " " + lease.holder()))
        .close();
    assertEquals(List.of("127.0.1.5 127.0.0.0/8,1:52:54:00:ff:00:01"), leases);
  }

  /**
   * A network behind a relay agent is looked at by ping. Here everything in 127.0.0.0/8 answers, so
   * an address of it is given only where nobody looks.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theLookAtTheNetworkCanBeSwitchedOff(boolean looking) throws Exception {
    DhcpSubnet link =
        new DhcpSubnet(
            "lo",
            Inet4Address.ofLiteral("127.0.0.1"),
            16,
            Optional.empty(),
            Optional.empty(),
            List.of());
    DhcpSubnet far =
        new DhcpSubnet(
            "lo",
            Inet4Address.ofLiteral("127.0.0.1"),
            Optional.of(Inet4Address.ofLiteral("127.88.0.0")),
            16,
            Optional.of(
                new AddressRange(
                    Inet4Address.ofLiteral("127.88.1.1"), Inet4Address.ofLiteral("127.88.1.99"))),
            Optional.empty(),
            List.of(),
            DhcpOptions.builder().build());
    DhcpSetup setup =
        new DhcpSetup(
            List.of(link, far), BootPrograms.NONE, false, Optional.empty(), looking, false);
    clients.add("beta", "52:54:00:77:00:02", Optional.empty());
    try (DhcpServer server =
            DhcpServer.start(setup, clients, (client, xid, stage) -> {}, ANY_PORT);
        DatagramSocket relay = new DatagramSocket()) {
      for (int xid = 1; xid <= 20 && server.counters().answered() == 0; xid++) {
        byte[] discover =
            DhcpCodec.encode(
                Request.of(DISCOVER, "52:54:00:77:00:02").xid(xid).giaddr("127.88.0.254").packet());
        send(relay, discover, server.port());
        Thread.sleep(50);
      }
      assertEquals(looking ? 0 : 1, server.counters().answered());
      assertTrue(server.counters().received() >= (looking ? 20 : 1));
    }
  }

  private String refused(DhcpSubnet subnet, int port) {
    IOException error = assertThrows(IOException.class, () -> start(subnet, port).close());
    String message = String.valueOf(error.getMessage());
    assertEquals(1, message.lines().count(), message);
    return message;
  }
}
