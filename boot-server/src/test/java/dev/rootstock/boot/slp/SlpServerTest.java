// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sockets, on the loopback interface; DhcpNamespaceIT asks by multicast as well. */
class SlpServerTest {
  private static final SlpNetwork LOOPBACK =
      new SlpNetwork("lo", Inet4Address.ofLiteral("127.0.0.1"), 8);
  private static final int PATIENCE = 20_000;

  private static SlpServer start(SlpNetwork network, int port) throws IOException {
    return SlpServer.start(
        List.of(network),
        List.of("DEFAULT"),
        source -> List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.45678")),
        port);
  }

  private static int freePort() throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      return socket.getLocalPort();
    }
  }

  private static byte[] ask(DatagramSocket client, byte[] request, int port) throws IOException {
    client.setSoTimeout(PATIENCE);
    client.send(
        new DatagramPacket(request, request.length, InetAddress.getLoopbackAddress(), port));
    DatagramPacket reply = new DatagramPacket(new byte[2048], 2048);
    client.receive(reply);
    return Arrays.copyOf(reply.getData(), reply.getLength());
  }

  @Test
  void answersTheGoldenRequest() throws Exception {
    int port = freePort();
    try (SlpServer _ = start(LOOPBACK, port);
        DatagramSocket client = new DatagramSocket()) {
      byte[] reply = ask(client, SlpResponderTest.golden("unicast-request.bin"), port);
      assertEquals(
          Arrays.toString(SlpResponderTest.golden("unicast-reply.bin")), Arrays.toString(reply));
    }
  }

  @Test
  void goesOnAfterMessagesThatAreNone() throws Exception {
    int port = freePort();
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
    IOException error = assertThrows(IOException.class, () -> start(none, freePort()).close());
    assertTrue(String.valueOf(error.getMessage()).contains("no network interface nosuch0"));
  }
}
