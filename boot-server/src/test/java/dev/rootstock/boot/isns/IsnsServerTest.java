// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.MINE;
import static dev.rootstock.boot.isns.IsnsResponderTest.OPEN;
import static dev.rootstock.boot.isns.IsnsResponderTest.name;
import static dev.rootstock.boot.isns.IsnsResponderTest.number;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.IscsiName;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server on a socket of the loopback interface, and our client. */
class IsnsServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final Set<String> open = ConcurrentHashMap.newKeySet();
  private @Nullable IsnsServer server;

  @BeforeEach
  void start() throws IOException {
    open.add(MINE);
    server =
        IsnsServer.start(
            IsnsResponderTest.SETTINGS,
            new IsnsTargets() {
              @Override
              public List<Target> visibleTo(String initiator, InetAddress from, Set<String> named) {
                return open.stream().map(n -> new Target(new IscsiName(n), "a")).toList();
              }

              @Override
              public boolean owns(String name) {
                return open.contains(name);
              }
            },
            Duration.ofMillis(50),
            () -> Instant.now().getEpochSecond());
  }

  @AfterEach
  void stop() {
    server().close();
  }

  private IsnsServer server() {
    return Objects.requireNonNull(server);
  }

  private IsnsClient client() {
    return new IsnsClient(server().address(), PATIENCE);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(LOOPBACK, server().address().getPort());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  static IsnsMessage read(Socket socket) throws Exception {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    IsnsAssembler assembler = new IsnsAssembler(1 << 24);
    while (true) {
      byte[] head = new byte[IsnsMessage.HEADER];
      in.readFully(head);
      IsnsAssembler.Header header = IsnsAssembler.Header.read(ByteBuffer.wrap(head));
      byte[] payload = new byte[header.length()];
      in.readFully(payload);
      Optional<IsnsMessage> message = assembler.take(header, payload);
      if (message.isPresent()) {
        return message.get();
      }
    }
  }

  static IsnsMessage ask(Socket socket, IsnsMessage request) throws Exception {
    socket.getOutputStream().write(request.encode());
    return read(socket);
  }

  static IsnsMessage query() {
    return IsnsResponderTest.request(
        IsnsFunction.DEVICE_QUERY, 0, ME, List.of(), List.of(IsnsAttribute.empty(Tag.NODE_NAME)));
  }

  // ---- our client

  @Test
  void theClientFindsTargetsWithTheirPortals() throws Exception {
    IsnsClient.Found mine =
        new IsnsClient.Found(
            new IscsiName(MINE), new InetSocketAddress("10.77.0.1", 3260), OptionalInt.of(1));
    assertEquals(List.of(mine), client().targets(ME, Optional.empty()));
    assertEquals(List.of(mine), client().targets(ME, Optional.of(new IscsiName(MINE))));
    assertEquals(List.of(), client().targets(ME, Optional.of(new IscsiName(OPEN))));
  }

  @Test
  void theClientReadsAnswersOfSeveralPdus() throws Exception {
    for (int i = 0; i < 120; i++) {
      open.add(("iqn.2026-11.dev.rootstock:" + i + ":" + "x".repeat(190)));
    }
    assertTrue(query().encode().length < 1_000);
    // 121 targets with their portals and groups are more than one PDU holds.
    List<IsnsClient.Found> found = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      found = client().targets(ME, Optional.empty());
    }
    assertEquals(121, found.size());
    assertTrue(found.stream().allMatch(each -> each.group().isPresent()));
  }

  @Test
  void nobodyThereIsAnError() throws Exception {
    try (Socket silent = new Socket()) {
      silent.bind(new InetSocketAddress(LOOPBACK, 0)); // ours, and nobody listens there
      InetSocketAddress nobody = new InetSocketAddress(LOOPBACK, silent.getLocalPort());
      assertThrows(
          IOException.class, () -> new IsnsClient(nobody, PATIENCE).targets(ME, Optional.empty()));
    }
  }

  // ---- the wire

  @Test
  void aRequestMayComeByteByByteAndInSeveralPdus() throws Exception {
    byte[] whole = query().encode();
    byte[] payload = Arrays.copyOfRange(whole, IsnsMessage.HEADER, whole.length);
    ByteBuffer two = ByteBuffer.allocate(whole.length + IsnsMessage.HEADER);
    int cut = 8;
    two.put(whole, 0, 4).putShort((short) cut).putShort((short) 0x8400).put(whole, 8, 4);
    two.put(payload, 0, cut);
    two.put(whole, 0, 4).putShort((short) (payload.length - cut)).putShort((short) 0x8800);
    two.put(whole, 8, 2).putShort((short) 1).put(payload, cut, payload.length - cut);
    try (Socket socket = connect()) {
      socket.setTcpNoDelay(true);
      for (byte each : two.array()) {
        socket.getOutputStream().write(each);
        socket.getOutputStream().flush();
      }
      assertEquals(name(MINE), read(socket).attributes().getLast());
    }
  }

  @Test
  void afterABrokenMessageTheNextOneIsAnswered() throws Exception {
    byte[] broken = query().encode();
    broken[IsnsMessage.HEADER + 7] = 3;
    try (Socket socket = connect()) {
      socket.getOutputStream().write(broken);
      assertEquals(2, read(socket).status().orElseThrow());
      assertEquals(0, ask(socket, query()).status().orElseThrow());
    }
  }

  @Test
  void anotherVersionIsRefusedAndEndsTheConnection() throws Exception {
    byte[] request = query().encode();
    request[1] = 2;
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request);
      assertEquals(10, read(socket).status().orElseThrow());
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  /** Random bytes on many connections: nothing but the next good request matters. */
  @Test
  void aFloodOfRubbishLeavesTheNextGoodRequestItsAnswer() throws Exception {
    Random random = new Random(4171);
    for (int round = 0; round < 200; round++) {
      try (Socket socket = connect()) {
        byte[] rubbish = new byte[random.nextInt(4_000)];
        random.nextBytes(rubbish);
        if (rubbish.length > 12 && random.nextBoolean()) {
          System.arraycopy(query().encode(), 0, rubbish, 0, 12);
        }
        socket.getOutputStream().write(rubbish);
      } catch (IOException e) {
        // closed on us, which is an answer too
      }
    }
    assertEquals(1, client().targets(ME, Optional.empty()).size());
  }

  @Test
  void oneAddressHasFewConnections() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < Limits.CONNECTIONS_OF_ONE; i++) {
        open.add(connect());
        ask(open.getLast(), query());
      }
      try (Socket tooMany = connect()) {
        assertEquals(-1, tooMany.getInputStream().read());
      }
    } finally {
      for (Socket each : open) {
        each.close();
      }
    }
  }

  // ---- unasked messages

  private void registerWithPort(Socket socket, int port) throws Exception {
    IsnsMessage registered =
        ask(
            socket,
            IsnsResponderTest.request(
                IsnsFunction.DEVICE_REGISTER,
                0,
                ME,
                List.of(),
                IsnsResponderTest.join(
                    List.of(IsnsResponderTest.entity("me")),
                    IsnsResponderTest.portal(LOOPBACK, number(Tag.SCN_PORT, port)),
                    IsnsResponderTest.node(ME))));
    assertEquals(0, registered.status().orElseThrow());
    IsnsMessage wanted =
        ask(
            socket,
            IsnsResponderTest.request(
                IsnsFunction.SCN_REGISTER,
                0,
                ME,
                List.of(name(ME)),
                List.of(number(Tag.NODE_SCN_BITMAP, Scn.ADDED))));
    assertEquals(0, wanted.status().orElseThrow());
  }

  private static void assertTells(IsnsMessage notification) {
    assertEquals(IsnsFunction.STATE_CHANGE.id(), notification.function());
    assertEquals(name(ME), notification.attributes().getFirst());
    assertEquals(name(OPEN), notification.attributes().getLast());
  }

  @Test
  void aNotificationComesOverTheClientsOwnConnection() throws Exception {
    try (Socket socket = connect()) {
      registerWithPort(socket, 4444);
      open.add(OPEN);
      assertTells(read(socket));
    }
  }

  @Test
  void aNotificationComesToTheRegisteredTcpPort() throws Exception {
    try (ServerSocket listening = new ServerSocket(0, 5, LOOPBACK)) {
      listening.setSoTimeout((int) PATIENCE.toMillis());
      try (Socket socket = connect()) {
        registerWithPort(socket, listening.getLocalPort());
      }
      // The connection's end is seen before the target is, so the notification takes the port.
      client().targets("iqn.2001-04.com.example:x", Optional.empty());
      open.add(OPEN);
      try (Socket notified = listening.accept()) {
        notified.setSoTimeout((int) PATIENCE.toMillis());
        assertTells(read(notified));
      }
    }
  }

  /** RFC 4171 §6.3.7: over a connection that is open for questions nothing comes unasked. */
  @Test
  void aNotificationComesToTheRegisteredUdpPortAlthoughAConnectionIsOpen() throws Exception {
    try (DatagramSocket listening = new DatagramSocket(0, LOOPBACK);
        Socket socket = connect()) {
      listening.setSoTimeout((int) PATIENCE.toMillis());
      registerWithPort(socket, 0x10000 | listening.getLocalPort());
      open.add(OPEN);
      DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
      listening.receive(packet);
      assertTells(
          IsnsMessageTest.assemble(
                  Arrays.copyOf(packet.getData(), packet.getLength()), Limits.REQUEST)
              .orElseThrow());
    }
  }
}
