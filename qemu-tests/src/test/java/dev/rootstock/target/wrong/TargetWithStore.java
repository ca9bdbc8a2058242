// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wrong;

import dev.rootstock.images.store.ImageStore;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class TargetWithStore {
  public @Nullable ImageStore store;
}
