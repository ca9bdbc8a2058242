// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.net.Capture;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other people's decoder makes of whole transfers, and of refusals. */
class TftpTsharkIT {
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");
  private static final Inet4Address CLIENT = Inet4Address.ofLiteral("10.77.0.20");
  private static final int PORT = 69;

  private final Capture capture = new Capture();
  private int clientPort = 2_070;

  /** Asks, takes what comes, and acknowledges it until the last block or an error. */
  private void fetch(InetSocketAddress server, String request) throws Exception {
    clientPort++;
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(60_000);
      byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
      socket.send(new DatagramPacket(bytes, bytes.length, server));
      capture.add(CLIENT, clientPort, SERVER, PORT, bytes);
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        socket.receive(packet);
        byte[] answer = Arrays.copyOf(packet.getData(), packet.getLength());
        int opcode = answer[1];
        int from = opcode == 5 ? PORT : 40_000 + clientPort;
        capture.add(SERVER, from, CLIENT, clientPort, answer);
        if (opcode == 5) {
          return;
        }
        byte[] ack = {0, 4, 0, 0};
        if (opcode == 3) {
          ack = new byte[] {0, 4, answer[2], answer[3]};
        }
        SocketAddress transfer = packet.getSocketAddress();
        socket.send(new DatagramPacket(ack, ack.length, transfer));
        capture.add(CLIENT, clientPort, SERVER, from, ack);
        if (opcode == 3 && answer.length < 4 + 512) {
          return;
        }
      }
    }
  }

  @Test
  void transfersAndRefusalsDecodeWithoutAComplaint(@TempDir Path folder) throws Exception {
    Path root = Files.createDirectory(folder.resolve("root"));
    Files.write(root.resolve("boot"), ByteBuffer.allocate(600).array());
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (TftpServer server =
        TftpServer.start(here, BootFiles.in(root), address -> true, (a, f, b) -> {})) {
      fetch(server.address(), "\0\1boot\0octet\0");
      fetch(server.address(), "\0\1boot\0octet\0tsize\0000\0blksize\000512\0timeout\0004\0");
      fetch(server.address(), "\0\1nothing\0octet\0");
      fetch(server.address(), "\0\2boot\0octet\0");
      fetch(server.address(), "\0\1boot\0netascii\0");
    }

    List<List<String>> packets =
        capture.decode(folder, "_ws.malformed", "_ws.expert.message", "tftp.opcode", "udp.srcport");

    assertEquals(capture.size(), packets.size());
    for (List<String> packet : packets) {
      // tshark remarks on each error packet as such; there is nothing else to remark on.
      boolean error = packet.get(2).equals("5");
      assertEquals("", packet.get(0), packet.toString());
      assertEquals(error, !packet.get(1).isEmpty(), packet.toString());
    }
    assertEquals(
        List.of("1", "3", "4", "3", "4", "1", "6", "4", "3", "4", "3", "4", "1", "5", "2", "5"),
        packets.stream().map(packet -> packet.get(2)).limit(16).toList());
  }
}
