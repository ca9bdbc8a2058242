// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.Optional;

/**
 * Where a client takes messages of ours (RFC 4171 §6.3.5, §6.3.7).
 *
 * @param number 1 to 65535
 */
record IsnsPort(int number, boolean udp) {
  private static final int UDP = 0x10000;
  private static final int NUMBER = 0xFFFF;

  /** Empty where the value names no port. */
  static Optional<IsnsPort> of(int value) {
    int number = value & NUMBER;
    return number == 0 ? Optional.empty() : Optional.of(new IsnsPort(number, (value & UDP) != 0));
  }
}
