// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** One UDP datagram, sent from inside a private network by a JVM of its own, and its answer. */
final class Datagram {
  private static final int WAIT_MILLIS = 3_000;
  private static final int LARGEST = 65_535;

  private Datagram() {}

  /**
   * Sends a datagram.
   *
   * @return the answer, empty when none came within three seconds
   */
  static byte[] ask(PrivateNetwork network, String address, int port, byte[] packet)
      throws IOException, InterruptedException {
    String printed =
        network.run(
            Path.of("."),
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Datagram.class.getName(),
                address,
                Integer.toString(port),
                HexFormat.of().formatHex(packet)));
    return HexFormat.of().parseHex(printed.strip());
  }

  /** Arguments: address, port, the datagram in hexadecimal digits. Prints the answer likewise. */
  public static void main(String[] arguments) throws Exception {
    byte[] packet = HexFormat.of().parseHex(arguments[2]);
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(WAIT_MILLIS);
      socket.send(
          new DatagramPacket(
              packet,
              packet.length,
              InetAddress.getByName(arguments[0]),
              Integer.parseInt(arguments[1])));
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
