// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A program for DhcpNamespaceIT: sends a service request, given in hexadecimal, to each address
 * that follows, and prints who answers what.
 */
final class NamespaceSlpClient {
  private static final int PORT = 427;
  private static final int PATIENCE = 3_000;

  private NamespaceSlpClient() {}

  public static void main(String[] arguments) throws Exception {
    byte[] request = HexFormat.of().parseHex(arguments[1]);
    for (int i = 2; i < arguments.length; i++) {
      try (DatagramSocket socket = new DatagramSocket()) {
        socket.setOption(
            StandardSocketOptions.IP_MULTICAST_IF, NetworkInterface.getByName(arguments[0]));
        socket.setBroadcast(true);
        socket.setSoTimeout(PATIENCE);
        socket.send(
            new DatagramPacket(request, request.length, InetAddress.ofLiteral(arguments[i]), PORT));
        DatagramPacket reply = new DatagramPacket(new byte[2048], 2048);
        try {
          socket.receive(reply);
          String text =
              new String(reply.getData(), 0, reply.getLength(), StandardCharsets.ISO_8859_1);
          System.out.println(
              "slp "
                  + arguments[i]
                  + " "
                  + reply.getAddress().getHostAddress()
                  + ":"
                  + reply.getPort()
                  + " "
                  + text.replaceAll("[^ -~]", "."));
        } catch (SocketTimeoutException e) {
          System.out.println("slp " + arguments[i] + " silence");
        }
      }
    }
  }
}
