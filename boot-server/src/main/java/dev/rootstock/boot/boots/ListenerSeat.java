// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.net.InetAddress;

/** Where the listener sits, who comes after the boots are there. */
final class ListenerSeat implements BootListener {
  private volatile BootListener listener = BootListener.NONE;

  void taken(BootListener other) {
    listener = other;
  }

  @Override
  public void loggedIn(
      String client,
      boolean firmware,
      String initiator,
      InetAddress from,
      String image,
      Traffic traffic) {
    listener.loggedIn(client, firmware, initiator, from, image, traffic);
  }

  @Override
  public void firstRead(String client, long generation) {
    listener.firstRead(client, generation);
  }

  @Override
  public void firstWrite(String client, long generation) {
    listener.firstWrite(client, generation);
  }

  @Override
  public void left(String client, long generation, String why) {
    listener.left(client, generation, why);
  }
}
