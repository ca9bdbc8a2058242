// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.wrong;

import dev.rootstock.target.Isid;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class ImagesWithTarget {
  public @Nullable Isid isid;
}
