// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp.wrong;

import dev.rootstock.images.block.Geometry;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class OptionsWithStore {
  public @Nullable Geometry geometry;
}
