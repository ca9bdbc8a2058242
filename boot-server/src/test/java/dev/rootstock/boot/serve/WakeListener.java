// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.util.Arrays;
import java.util.HexFormat;

/** A program for DiscoveryStagesIT: prints what comes to Wake-on-LAN's port, once. */
final class WakeListener {
  private static final int PORT = 9;
  private static final int PATIENCE = 60_000;

  private WakeListener() {}

  public static void main(String[] arguments) throws Exception {
    try (DatagramSocket socket = new DatagramSocket(PORT)) {
      socket.setSoTimeout(PATIENCE);
      System.out.println("listening");
      DatagramPacket packet = new DatagramPacket(new byte[1_500], 1_500);
      socket.receive(packet);
      System.out.println(
          "woken " + HexFormat.of().formatHex(Arrays.copyOf(packet.getData(), packet.getLength())));
    }
  }
}
