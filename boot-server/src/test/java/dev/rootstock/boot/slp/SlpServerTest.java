// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The sockets, on the loopback interface; DhcpNamespaceIT asks by multicast as well. */
class SlpServerTest {
  private static final SlpNetwork LOOPBACK =
      new SlpNetwork("lo", Inet4Address.ofLiteral("127.0.0.1"), 8);
  private static final int PATIENCE = 60_000;

  private static final List<SlpTarget> targets =
      List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.45678"));

  private static SlpServer start(SlpNetwork network, int port) throws IOException {
    return start(network, port, targets);
  }

  private static SlpServer start(SlpNetwork network, int port, List<SlpTarget> targets)
      throws IOException {
    return SlpServer.start(
        new SlpSettings(List.of(network), List.of("DEFAULT"), true, Optional.empty()),
        FakeTargets.of(targets),
        SlpResponderTest.START,
        port);
  }

  private static byte[] ask(DatagramSocket client, byte[] request, int port) throws IOException {
    client.setSoTimeout(PATIENCE);
    client.send(
        new DatagramPacket(request, request.length, InetAddress.getLoopbackAddress(), port));
    DatagramPacket reply = new DatagramPacket(new byte[2048], 2048);
    client.receive(reply);
    return Arrays.copyOf(reply.getData(), reply.getLength());
  }

  private static byte[] askUntilAnswered(DatagramSocket client, byte[] request, int port)
      throws IOException {
    client.setSoTimeout(500);
    DatagramPacket reply = new DatagramPacket(new byte[2048], 2048);
    for (int waited = 0; waited < PATIENCE; waited += 500) {
      client.send(
          new DatagramPacket(request, request.length, InetAddress.getLoopbackAddress(), port));
      try {
        client.receive(reply);
        return Arrays.copyOf(reply.getData(), reply.getLength());
      } catch (SocketTimeoutException e) {
        // once more
      }
    }
    throw new SocketTimeoutException("no answer");
  }

  @Test
  void answersTheGoldenRequest() throws Exception {
    int port = SlpUserAgentTest.freePort();
    try (SlpServer _ = start(LOOPBACK, port);
        DatagramSocket client = new DatagramSocket()) {
      byte[] reply = ask(client, SlpResponderTest.golden("unicast-request.bin"), port);
      assertEquals(
          Arrays.toString(SlpResponderTest.golden("unicast-reply.bin")), Arrays.toString(reply));
    }
  }

  @Test
  void goesOnAfterMessagesThatAreNone() throws Exception {
    int port = SlpUserAgentTest.freePort();
    try (SlpServer _ = start(LOOPBACK, port);
        DatagramSocket client = new DatagramSocket()) {
      for (int length : new int[] {0, 1, 13, 1400, 9000}) {
        byte[] zeros = new byte[length];
        client.send(new DatagramPacket(zeros, length, InetAddress.getLoopbackAddress(), port));
      }
      byte[] reply = ask(client, SlpResponderTest.golden("unicast-request.bin"), port);
      assertEquals(2, reply[1]);
    }
  }

  /** Whoever floods takes his own share and nobody else's. */
  @Test
  void aFloodLeavesOthersTheirAnswer() throws Exception {
    int port = SlpUserAgentTest.freePort();
    byte[] request = SlpResponderTest.golden("unicast-request.bin");
    byte[] rubbish = new byte[1_400];
    try (SlpServer _ = start(LOOPBACK, port);
        DatagramSocket flood = new DatagramSocket();
        DatagramSocket client = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.2"))) {
      long began = System.nanoTime();
      for (int i = 0; i < 20_000; i++) {
        byte[] each = i % 2 == 0 ? request : rubbish;
        flood.send(new DatagramPacket(each, each.length, InetAddress.getLoopbackAddress(), port));
      }
      // The flood may fill the socket: as every client does, ask until there is an answer.
      assertEquals(2, askUntilAnswered(client, request, port)[1]);
      flood.setSoTimeout(200);
      int answers = 0;
      try {
        while (true) {
          flood.receive(new DatagramPacket(new byte[2_048], 2_048));
          answers++;
        }
      } catch (SocketTimeoutException e) {
        // all have come
      }
      // His share grows with the time that the flood takes, which a busy machine makes long.
      double seconds = (System.nanoTime() - began) / 1e9;
      double share = Limits.ANSWER_BURST_OF_ONE + Limits.ANSWERS_PER_SECOND_OF_ONE * seconds;
      assertTrue(answers <= share + 1, answers + " answers, and his share is " + share);
    }
  }

  /** RFC 2608 §6.2. */
  @Test
  void answersSeveralRequestsOverTcp() throws Exception {
    int port = SlpUserAgentTest.freePort();
    byte[] request = SlpResponderTest.golden("unicast-request.bin");
    try (SlpServer _ = start(LOOPBACK, port);
        Socket client = connect(port)) {
      client.getOutputStream().write(request, 0, 7);
      client.getOutputStream().flush();
      client.getOutputStream().write(request, 7, request.length - 7);
      client.getOutputStream().write(request);
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(SlpResponderTest.golden("unicast-reply.bin"), read(client));
      }
    }
  }

  @Test
  void anAnswerThatNoDatagramHoldsComesOverTcp() throws Exception {
    int port = SlpUserAgentTest.freePort();
    List<SlpTarget> many =
        IntStream.range(0, 100)
            .mapToObj(i -> SlpResponderTest.target("iqn.2001-04.com.example:sn." + i))
            .toList();
    byte[] request = SlpResponderTest.golden("unicast-request.bin");
    try (SlpServer _ = start(LOOPBACK, port, many);
        DatagramSocket datagrams = new DatagramSocket();
        Socket stream = connect(port)) {
      byte[] cut = ask(datagrams, request, port);
      stream.getOutputStream().write(request);
      SlpMessage whole = SlpMessage.read(ByteBuffer.wrap(read(stream)));
      assertTrue(SlpMessage.read(ByteBuffer.wrap(cut)).has(SlpHeader.OVERFLOW));
      assertFalse(whole.has(SlpHeader.OVERFLOW));
      assertEquals(100, ((ServiceReply) whole.body()).urls().size());
    }
  }

  @Test
  void aMessageThatIsTooLongEndsItsConnectionAndNoOther() throws Exception {
    int port = SlpUserAgentTest.freePort();
    try (SlpServer _ = start(LOOPBACK, port);
        Socket hostile = connect(port);
        Socket good = connect(port)) {
      hostile.getOutputStream().write(new byte[] {2, 1, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0});
      assertEquals(-1, hostile.getInputStream().read());
      good.getOutputStream().write(SlpResponderTest.golden("unicast-request.bin"));
      assertArrayEquals(SlpResponderTest.golden("unicast-reply.bin"), read(good));
    }
  }

  @Test
  void oneAddressHasFewConnections() throws Exception {
    int port = SlpUserAgentTest.freePort();
    try (SlpServer _ = start(LOOPBACK, port)) {
      List<Socket> open = new ArrayList<>();
      try {
        for (int i = 0; i < Limits.CONNECTIONS_OF_ONE; i++) {
          open.add(connect(port));
          open.getLast().getOutputStream().write(SlpResponderTest.golden("unicast-request.bin"));
          read(open.getLast());
        }
        try (Socket tooMany = connect(port)) {
          assertEquals(-1, tooMany.getInputStream().read());
        }
      } finally {
        for (Socket each : open) {
          each.close();
        }
      }
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE);
    return socket;
  }

  private static byte[] read(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] head = in.readNBytes(5);
    int length = SlpHeader.uint24(ByteBuffer.wrap(head), 2);
    byte[] message = Arrays.copyOf(head, length);
    in.readFully(message, 5, length - 5);
    return message;
  }

  @Test
  void aPortThatIsTakenIsSaidInOneLine() throws Exception {
    try (DatagramSocket other = new DatagramSocket()) {
      IOException error =
          assertThrows(IOException.class, () -> start(LOOPBACK, other.getLocalPort()).close());
      String message = String.valueOf(error.getMessage());
      assertEquals(1, message.lines().count(), message);
      assertTrue(message.contains("another program has it"), message);
    }
  }

  @Test
  void anInterfaceThatIsNotThereIsSaidInOneLine() {
    SlpNetwork none = new SlpNetwork("nosuch0", Inet4Address.ofLiteral("127.0.0.1"), 8);
    IOException error =
        assertThrows(IOException.class, () -> start(none, SlpUserAgentTest.freePort()).close());
    assertTrue(String.valueOf(error.getMessage()).contains("no network interface nosuch0"));
  }
}
