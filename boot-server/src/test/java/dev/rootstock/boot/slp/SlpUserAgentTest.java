// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.IscsiName;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our user agent and our agents, on the loopback interface. */
class SlpUserAgentTest {
  private static final SlpNetwork LOOPBACK =
      new SlpNetwork("lo", Inet4Address.ofLiteral("127.0.0.1"), 8);
  private static final List<String> SCOPES = List.of("DEFAULT");
  private static final String NAME = "iqn.2001-04.com.example:sn.1";

  private static SlpUserAgent userAgent(int port) {
    return new SlpUserAgent(
        port, new SlpUserAgent.Timing(Duration.ofMillis(100), Duration.ofSeconds(60)));
  }

  private static SlpServer serve(int port, boolean directoryAgent, int targets) throws IOException {
    return SlpServer.start(
        new SlpSettings(List.of(LOOPBACK), SCOPES, directoryAgent, Optional.empty()),
        FakeTargets.of(
            IntStream.rangeClosed(1, targets)
                .mapToObj(i -> SlpResponderTest.target("iqn.2001-04.com.example:sn." + i))
                .toList()),
        SlpResponderTest.START,
        port);
  }

  /** Free for datagrams and streams, and below those that the kernel gives to connections. */
  static int freePort() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (DatagramSocket datagrams = new DatagramSocket(port);
          ServerSocket streams = new ServerSocket(port)) {
        return streams.getLocalPort() == datagrams.getLocalPort() ? port : 0;
      } catch (BindException taken) {
        // Another one, then.
      }
    }
  }

  private static NetworkInterface loopback() throws IOException {
    return NetworkInterface.getByName("lo");
  }

  private static InetAddress address() {
    return LOOPBACK.address();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void findsByMulticastBesideADirectoryAgentAndWithoutOne(boolean directoryAgent) throws Exception {
    int port = freePort();
    try (SlpServer _ = serve(port, directoryAgent, 2)) {
      List<SlpFound> found =
          userAgent(port).multicast(SlpQuestion.target(SCOPES, new IscsiName(NAME)), loopback());
      assertEquals(1, found.size());
      assertEquals(
          "192.0.2.3:3260 " + NAME,
          found.getFirst().host()
              + ":"
              + found.getFirst().port()
              + " "
              + found.getFirst().target());
    }
  }

  @Test
  void whatNoDatagramHoldsIsFetchedOverTcp() throws Exception {
    int port = freePort();
    try (SlpServer _ = serve(port, false, 100)) {
      assertEquals(100, userAgent(port).unicast(SlpQuestion.everyTarget(SCOPES), address()).size());
      assertEquals(
          100, userAgent(port).multicast(SlpQuestion.everyTarget(SCOPES), loopback()).size());
    }
  }

  /** Queries 4 and 8 of RFC 4018 §5.2; these targets are open to any. */
  @Test
  void findsByInitiatorAndWithoutAnyName() throws Exception {
    int port = freePort();
    try (SlpServer _ = serve(port, false, 2)) {
      assertEquals(
          2,
          userAgent(port)
              .unicast(SlpQuestion.initiator(SCOPES, "iqn.1993-08.org.debian:01:abc"), address())
              .size());
    }
  }

  @Test
  void nobodyThereIsNothingFoundOrSaid() throws Exception {
    SlpUserAgent impatient =
        new SlpUserAgent(
            freePort(), new SlpUserAgent.Timing(Duration.ofMillis(20), Duration.ofMillis(100)));
    SlpQuestion question = SlpQuestion.everyTarget(SCOPES);
    assertEquals(List.of(), impatient.multicast(question, loopback()));
    IOException error =
        assertThrows(IOException.class, () -> impatient.unicast(question, address()));
    assertTrue(String.valueOf(error.getMessage()).contains("no SLP agent answers at 127.0.0.1"));
  }

  /** RFC 2608 §6.3: at 0, 20 and 60 ms, and not without pause in the last of the 100. */
  @Test
  void whoDoesNotAnswerIsAskedEverMoreSeldom() throws Exception {
    int port = freePort();
    SlpUserAgent impatient =
        new SlpUserAgent(
            port, new SlpUserAgent.Timing(Duration.ofMillis(20), Duration.ofMillis(100)));
    SlpQuestion question = SlpQuestion.everyTarget(SCOPES);
    try (MulticastSocket silent = new MulticastSocket(port)) {
      silent.joinGroup(
          new InetSocketAddress(InetAddress.ofLiteral("239.255.255.253"), port), loopback());
      silent.setSoTimeout(50);
      for (int i = 0; i < 5; i++) {
        assertThrows(IOException.class, () -> impatient.unicast(question, address()));
        int asked = countOf(silent);
        assertTrue(1 <= asked && asked <= 3, asked + " requests to one");
        // Each time for targets, and for directory agents.
        assertEquals(List.of(), impatient.multicast(question, loopback()));
        asked = countOf(silent);
        assertTrue(2 <= asked && asked <= 6, asked + " requests to everybody");
      }
    }
  }

  @Test
  void noWaitIsLongerThanAllOfThem() {
    SlpUserAgent.Timing timing =
        new SlpUserAgent.Timing(Duration.ofSeconds(1), Duration.ofSeconds(10));
    Duration wait = timing.first();
    for (int i = 0; i < 100; i++) {
      wait = timing.after(wait);
    }
    assertEquals(timing.all(), wait);
  }

  private static int countOf(DatagramSocket socket) throws IOException {
    for (int count = 0; ; count++) {
      try {
        socket.receive(new DatagramPacket(new byte[2_048], 2_048));
      } catch (SocketTimeoutException e) {
        return count;
      }
    }
  }

  /** RFC 2608 §12.3: it is done without, and what others answered counts. */
  @Test
  void aDirectoryAgentThatFailsSpoilsNothing() throws Exception {
    int port = freePort();
    Thread agent;
    try (MulticastSocket socket = new MulticastSocket(port)) {
      socket.joinGroup(
          new InetSocketAddress(InetAddress.ofLiteral("239.255.255.253"), port), loopback());
      agent = Thread.ofVirtual().start(() -> answerFailing(socket));
      List<SlpFound> found = userAgent(port).multicast(SlpQuestion.everyTarget(SCOPES), loopback());
      assertEquals(List.of(NAME), found.stream().map(each -> each.target().value()).toList());
    }
    agent.join();
  }

  /** A directory agent that is there, a service agent that answers, and an error for who comes. */
  private static void answerFailing(DatagramSocket socket) {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
        socket.receive(packet);
        byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
        SlpMessage message = SlpMessage.read(ByteBuffer.wrap(bytes));
        ServiceRequest request = (ServiceRequest) message.body();
        if (!request.previousResponders().isEmpty()) {
          continue;
        }
        UrlEntry url = new UrlEntry(60, SlpResponderTest.target(NAME).url(), 0);
        String name = DirectoryAdvert.SCHEME + packet.getAddress().getHostAddress();
        SlpBody answer =
            !message.has(SlpHeader.REQUEST_MCAST)
                ? new ServiceReply(SlpError.INTERNAL_ERROR.code(), List.of())
                : request.serviceType().equals("service:directory-agent")
                    ? new DirectoryAdvert(0, 7, name, "DEFAULT", "", "")
                    : new ServiceReply(0, List.of(url));
        byte[] reply = new SlpMessage(0, message.xid(), "en", answer).encode(Limits.MESSAGE);
        socket.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
      }
    } catch (IOException | SlpException e) {
      // The test closes the socket.
    }
  }

  /** RFC 2608 §6.1. */
  @Test
  void aQuestionToEverybodyCrossesRouters() throws Exception {
    try (DatagramSocket socket = SlpUserAgent.toEverybody(loopback())) {
      assertEquals(255, socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
    }
  }

  @Test
  void anErrorIsSaid() throws Exception {
    int port = freePort();
    try (SlpServer _ = serve(port, false, 1)) {
      IOException error =
          assertThrows(
              IOException.class,
              () ->
                  userAgent(port)
                      .unicast(SlpQuestion.everyTarget(List.of("elsewhere")), address()));
      assertTrue(String.valueOf(error.getMessage()).contains("error 4 (SCOPE_NOT_SUPPORTED)"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "service:iscsi:target://192.0.2.3:860/iqn.2001-04.com.example:a, 192.0.2.3 860",
    "SERVICE:iscsi:Target://192.0.2.3/iqn.2001-04.com.example:a/identity, 192.0.2.3 3260",
    "service:iscsi:target://[2001:db8::1]:860/iqn.2001-04.com.example:a, [2001:db8::1] 860",
    "service:iscsi:target://lab.example.com/iqn.2001-04.com.example:a, lab.example.com 3260",
    "service:iscsi:target://192.0.2.3:0/iqn.2001-04.com.example:a, none",
    "service:iscsi:target://192.0.2.3:66666/iqn.2001-04.com.example:a, none",
    "service:iscsi:target://192.0.2.3, none",
    "service:iscsi:target://192.0.2.3/nonsense, none",
    "service:iscsi:target:///iqn.2001-04.com.example:a, none",
    "service:printer://192.0.2.3/iqn.2001-04.com.example:a, none"
  })
  void readsUrls(String url, String expected) {
    assertEquals(
        expected, SlpFound.of(url).map(each -> each.host() + " " + each.port()).orElse("none"));
  }
}
