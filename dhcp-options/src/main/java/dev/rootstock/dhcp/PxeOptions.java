// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.Arrays;
import java.util.Optional;

/** What PXE firmware and its servers tell each other in option 43 (PXE 2.1 §2.2). */
final class PxeOptions {
  private static final int PAD = 0;
  private static final int END = 255;
  private static final int DISCOVERY_CONTROL = 6;
  private static final int BOOT_ITEM = 71;

  /** A type of boot server, and which of its programs: two bytes each. */
  private static final int ITEM_LENGTH = 4;

  /** No menu and no discovery of boot servers: load the file that is named. */
  private static final int BOOT_FROM_FILE = 8;

  private PxeOptions() {}

  /**
   * What a server has to say to a request. Firmware that chose a boot server from the menu of
   * another proxy names the item, and boot servers answer with the same; firmware that chose
   * nothing is told to load what stands in the answer.
   */
  static byte[] answer(DhcpOptions request) {
    return request
        .bytes(DhcpOption.VENDOR_OPTIONS.code())
        .flatMap(option -> find(option, BOOT_ITEM))
        .filter(item -> item.length == ITEM_LENGTH)
        .map(item -> single(BOOT_ITEM, item))
        .orElseGet(() -> single(DISCOVERY_CONTROL, (byte) BOOT_FROM_FILE));
  }

  /** The first of a code; empty too where the options before it are cut off. */
  private static Optional<byte[]> find(byte[] option, int wanted) {
    int at = 0;
    while (at < option.length && (option[at] & 0xFF) != END) {
      int code = option[at++] & 0xFF;
      if (code == PAD) {
        continue;
      }
      int length = at < option.length ? option[at++] & 0xFF : Limits.OPTION;
      if (at + length > option.length) {
        return Optional.empty();
      }
      if (code == wanted) {
        return Optional.of(Arrays.copyOfRange(option, at, at + length));
      }
      at += length;
    }
    return Optional.empty();
  }

  private static byte[] single(int code, byte... value) {
    byte[] option = new byte[value.length + 3];
    option[0] = (byte) code;
    option[1] = (byte) value.length;
    System.arraycopy(value, 0, option, 2, value.length);
    option[value.length + 2] = (byte) END;
    return option;
  }
}
