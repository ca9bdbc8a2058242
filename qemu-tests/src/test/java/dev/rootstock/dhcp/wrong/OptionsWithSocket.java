// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp.wrong;

import java.net.DatagramSocket;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class OptionsWithSocket {
  public @Nullable DatagramSocket socket;
}
