// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.MINE;
import static dev.rootstock.boot.isns.IsnsResponderTest.entity;
import static dev.rootstock.boot.isns.IsnsResponderTest.join;
import static dev.rootstock.boot.isns.IsnsResponderTest.name;
import static dev.rootstock.boot.isns.IsnsResponderTest.node;
import static dev.rootstock.boot.isns.IsnsResponderTest.number;
import static dev.rootstock.boot.isns.IsnsResponderTest.portal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Status inquiries on sockets (RFC 4171 §5.6.5.13, §6.3.4), by a clock that the test moves. */
class IsnsInquiryTest {
  private static final int PATIENCE_MILLIS = 60_000;
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final AtomicLong seconds = new AtomicLong(1_800_000_000);
  private final AtomicLong looks = new AtomicLong();
  private @Nullable IsnsServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        IsnsServer.start(
            IsnsResponderTest.SETTINGS,
            new FakeIsnsTargets().add(MINE, ME),
            Duration.ofMillis(20),
            () -> {
              looks.incrementAndGet();
              return seconds.get();
            });
  }

  @AfterEach
  void stop() {
    server().close();
  }

  private IsnsServer server() {
    return Objects.requireNonNull(server);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(LOOPBACK, server().address().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private void register(int inquiryPort) throws Exception {
    try (Socket socket = connect()) {
      IsnsMessage registered =
          IsnsServerTest.ask(
              socket,
              IsnsResponderTest.request(
                  IsnsFunction.DEVICE_REGISTER,
                  0,
                  ME,
                  List.of(),
                  join(
                      List.of(entity("me")),
                      portal(
                          LOOPBACK,
                          number(Tag.ESI_INTERVAL, Limits.LEAST_ESI),
                          number(Tag.ESI_PORT, inquiryPort)),
                      node(ME))));
      assertEquals(0, registered.status().orElseThrow());
    }
    letItLook();
  }

  private boolean isRegistered() throws Exception {
    try (Socket socket = connect()) {
      return IsnsServerTest.ask(socket, IsnsServerTest.query()).attributes().stream()
          .skip(2) // who asks stands in the key only
          .anyMatch(name(ME)::equals);
    }
  }

  /** Whatever came before, the server's one thread has seen it, and has looked what is due. */
  private void letItLook() throws InterruptedException {
    long until = System.nanoTime() + Duration.ofMillis(PATIENCE_MILLIS).toNanos();
    long enough = looks.get() + 50;
    while (looks.get() < enough) {
      assertTrue(System.nanoTime() < until, "the server no longer looks at its clock");
      Thread.sleep(5);
    }
  }

  private static void assertInquires(IsnsMessage inquiry) {
    assertEquals(IsnsFunction.STATUS_INQUIRY.id(), inquiry.function());
    assertTrue(inquiry.has(IsnsMessage.FROM_SERVER));
    assertEquals(
        List.of(
            Tag.TIMESTAMP.number(),
            Tag.ENTITY_ID.number(),
            Tag.PORTAL_ADDRESS.number(),
            Tag.PORTAL_PORT.number()),
        inquiry.attributes().stream().map(IsnsAttribute::tag).toList());
  }

  @Test
  void whoAnswersOverTcpStaysRegistered() throws Exception {
    try (ServerSocket listening = new ServerSocket(0, 5, LOOPBACK)) {
      listening.setSoTimeout(PATIENCE_MILLIS);
      register(listening.getLocalPort());
      for (int round = 0; round < 2 * Limits.ESI_ATTEMPTS; round++) {
        seconds.addAndGet(Limits.LEAST_ESI + 1);
        try (Socket asked = listening.accept()) {
          asked.setSoTimeout(PATIENCE_MILLIS);
          IsnsMessage inquiry = IsnsServerTest.read(asked);
          assertInquires(inquiry);
          IsnsMessage answer =
              inquiry.answered(
                  IsnsMessage.FROM_CLIENT, IsnsStatus.SUCCESSFUL, inquiry.attributes());
          asked.getOutputStream().write(answer.encode());
          letItLook();
        }
      }
      assertTrue(isRegistered());
    }
  }

  /** RFC 4171 §6.3.4: no question of its own stands in for an answer. */
  @Test
  void whoDoesNotAnswerIsDeregisteredWhateverItAsks() throws Exception {
    try (DatagramSocket listening = new DatagramSocket(0, LOOPBACK)) {
      listening.setSoTimeout(PATIENCE_MILLIS);
      register(0x10000 | listening.getLocalPort());
      assertTrue(isRegistered());
      seconds.addAndGet(Limits.LEAST_ESI + 1);
      for (int attempt = 0; attempt < Limits.ESI_ATTEMPTS; attempt++) {
        DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
        listening.receive(packet);
        assertInquires(
            IsnsMessageTest.assemble(
                    Arrays.copyOf(packet.getData(), packet.getLength()), Limits.REQUEST)
                .orElseThrow());
        assertTrue(isRegistered());
        seconds.addAndGet(Limits.LEAST_ESI / (Limits.ESI_ATTEMPTS + 1));
      }
      letItLook();
      assertTrue(isRegistered(), "less than two intervals have passed");
      seconds.addAndGet(Limits.LEAST_ESI / (Limits.ESI_ATTEMPTS + 1));
      letItLook();
      assertFalse(isRegistered());
    }
  }
}
