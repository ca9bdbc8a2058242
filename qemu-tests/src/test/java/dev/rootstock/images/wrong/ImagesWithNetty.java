// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.wrong;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Breaks a rule of ModuleArrowsTest, to show that the rule notices. */
public final class ImagesWithNetty {
  public @Nullable ByteBuf buffer;
}
