// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** UDP datagrams, sent from inside a private network by a JVM of its own, and their answers. */
final class Datagram {
  private static final int WAIT_MILLIS = 3_000;
  private static final int PATIENT_MILLIS = 30_000;
  private static final int DHCP_SERVER = 67;
  private static final int LARGEST = 65_535;

  private Datagram() {}

  /**
   * Sends a datagram.
   *
   * @return the answer, empty when none came within three seconds
   */
  static byte[] ask(PrivateNetwork network, String address, int port, byte[] packet)
      throws IOException, InterruptedException {
    return run(network, "0.0.0.0", 0, WAIT_MILLIS, address, port, List.of(packet)).getFirst();
  }

  /**
   * Sends datagrams as a relay agent does (RFC 2131 §4.1): from the server's port to the server's
   * port, each when the one before it is answered.
   *
   * @param from the agent's address
   * @return the answers, each empty when none came within half a minute
   */
  static List<byte[]> relay(
      PrivateNetwork network, String from, String server, List<byte[]> packets)
      throws IOException, InterruptedException {
    return run(network, from, DHCP_SERVER, PATIENT_MILLIS, server, DHCP_SERVER, packets);
  }

  private static List<byte[]> run(
      PrivateNetwork network,
      String from,
      int fromPort,
      int waitMillis,
      String address,
      int port,
      List<byte[]> packets)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Datagram.class.getName()));
    command.addAll(List.of(from, "" + fromPort, "" + waitMillis, address, Integer.toString(port)));
    packets.forEach(packet -> command.add(HexFormat.of().formatHex(packet)));
    return network.run(Path.of("."), command).lines().map(HexFormat.of()::parseHex).toList();
  }

  /**
   * Arguments: our address and port, milliseconds to wait, the peer's address and port, datagrams
   * in hexadecimal digits. Prints the answers likewise, a line each.
   */
  public static void main(String[] arguments) throws Exception {
    var own = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
    var peer = new InetSocketAddress(arguments[3], Integer.parseInt(arguments[4]));
    try (var socket = new DatagramSocket(own)) {
      socket.setSoTimeout(Integer.parseInt(arguments[2]));
      for (String each : List.of(arguments).subList(5, arguments.length)) {
        byte[] packet = HexFormat.of().parseHex(each);
        socket.send(new DatagramPacket(packet, packet.length, peer));
        var answer = new DatagramPacket(new byte[LARGEST], LARGEST);
        try {
          socket.receive(answer);
          System.out.println(HexFormat.of().formatHex(answer.getData(), 0, answer.getLength()));
        } catch (SocketTimeoutException silence) {
          System.out.println();
        }
      }
    }
  }
}
