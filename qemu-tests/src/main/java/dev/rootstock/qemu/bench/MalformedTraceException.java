// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A file that is no boot trace, or a damaged one; the message is one line that says where. */
final class MalformedTraceException extends IOException {
  private static final long serialVersionUID = 1;

  MalformedTraceException(String file, String what, @Nullable Throwable cause) {
    super("the trace %s cannot be used: %s".formatted(file, what), cause);
  }
}
