// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import java.io.IOException;
import java.util.function.Supplier;

/** What the guest wrote is not what it must be, or more than is worth reading. */
final class GuestFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  GuestFormatException(String message) {
    super(message);
  }

  static void check(boolean right, Supplier<String> wrong) throws GuestFormatException {
    if (!right) {
      throw new GuestFormatException(wrong.get());
    }
  }
}
