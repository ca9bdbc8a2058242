// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wrong;

import dev.rootstock.target.initiator.wrong.AnInitiator;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class TargetWithInitiator {
  public @Nullable AnInitiator initiator;
}
