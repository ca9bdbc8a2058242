// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wrong;

import dev.rootstock.boot.clients.Client;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class TargetWithBoot {
  public @Nullable Client client;
}
