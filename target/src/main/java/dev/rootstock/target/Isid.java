// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

/**
 * The initiator's part of a session identifier (RFC 7143 §11.12.5).
 *
 * @param value the 48 bits in the low end of a long
 */
public record Isid(long value) {
  public Isid {
    if (value >>> 48 != 0) {
      throw new IllegalArgumentException("an ISID has 48 bits: " + Long.toHexString(value));
    }
  }

  /** Twelve hexadecimal digits, as logs and registries show it. */
  @Override
  public String toString() {
    return String.format("%012x", value);
  }
}
