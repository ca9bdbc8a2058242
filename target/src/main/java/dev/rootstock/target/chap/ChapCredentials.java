// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.chap;

import dev.rootstock.target.wire.Limits;
import java.nio.charset.StandardCharsets;

/**
 * By what one side proves who it is.
 *
 * @param name CHAP_N, 1 to 255 bytes of UTF-8 without control characters
 */
public record ChapCredentials(String name, ChapSecret secret) {
  public ChapCredentials {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0
        || length > Limits.VALUE_BYTES
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a CHAP name has 1 to %d bytes and no control characters".formatted(Limits.VALUE_BYTES));
    }
  }
}
