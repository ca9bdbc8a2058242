// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import java.util.Locale;

/** What a machine goes through on its way to its operating system, in this order. */
public enum Step {
  /** Its firmware asked for an address. */
  FIRMWARE_DHCP,
  /** It has its program, over TFTP or HTTP. */
  PROGRAM,
  /** iPXE asked for an address. */
  IPXE_DHCP,
  /** It has its script. */
  SCRIPT,
  /** Its firmware logged in. */
  FIRMWARE_LOGIN,
  /** A block of its disks was read: by the firmware, where that logged in. */
  FIRST_READ,
  /** Its operating system logged in. */
  SYSTEM_LOGIN,
  /** The operating system wrote to a disk, or said itself that it is ready. */
  READY;

  /** As it is shown: {@code firmware-login}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The step that a text means. */
  static Step parse(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
