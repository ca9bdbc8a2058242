// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.wrong;

import dev.rootstock.qemu.Demo;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class BootThatLooksUp {
  public @Nullable Demo demo;
}
