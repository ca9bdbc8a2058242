// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.net.InetAddress;

/** Is told of logins that were granted, on any thread; must not block. */
@FunctionalInterface
public interface LoginListener {
  /** Nobody wants to know. */
  LoginListener NONE = (client, firmware, initiator, from) -> {};

  /**
   * A client has its disk.
   *
   * @param firmware whether boot firmware logged in, and not an operating system
   * @param initiator the name that it logged in with
   */
  void loggedIn(String client, boolean firmware, String initiator, InetAddress from);
}
