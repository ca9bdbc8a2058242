// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.net.InetAddress;

/** Is told how boots get on, on any thread, event loops included; must not block. */
public interface BootListener {
  /** Nobody wants to know. */
  BootListener NONE =
      new BootListener() {
        @Override
        public void loggedIn(
            String client,
            boolean firmware,
            String initiator,
            InetAddress from,
            String image,
            Traffic traffic) {}

        @Override
        public void firstRead(String client, long generation) {}

        @Override
        public void firstWrite(String client, long generation) {}

        @Override
        public void left(String client, long generation, String why) {}
      };

  /**
   * A client has its disk.
   *
   * @param firmware whether boot firmware logged in, and not an operating system
   * @param initiator the name that it logged in with
   * @param image the golden version that the boot runs on
   * @param traffic of the boot that it logged in to
   */
  void loggedIn(
      String client,
      boolean firmware,
      String initiator,
      InetAddress from,
      String image,
      Traffic traffic);

  /** A disk of a boot is read for the first time since the server started. */
  void firstRead(String client, long generation);

  /** An operating system writes for the first time after a login of it. */
  void firstWrite(String client, long generation);

  /** The last session of a boot has ended. */
  void left(String client, long generation, String why);
}
