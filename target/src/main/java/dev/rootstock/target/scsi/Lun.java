// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** The eight-byte LUN field (SAM-5, logical unit numbers), as a big-endian word. */
public final class Lun {

  /** A field that names no logical unit that could exist here. */
  public static final int NONE = -1;

  private static final int PERIPHERAL_UNITS = 256;
  private static final int FLAT_SPACE = 0x4000;

  private Lun() {}

  /**
   * The number of a unit that the field addresses.
   *
   * @return 0 to 16383, or {@link #NONE}
   */
  public static int number(long field) {
    if (field << 16 != 0) {
      return NONE; // a second level, of which there is none
    }
    int level = (int) (field >>> 48);
    return switch (level >>> 14) {
      case 0 ->
          level < PERIPHERAL_UNITS
              ? level
              : NONE; // peripheral device addressing; only bus 0 exists
      case 1 -> level & 0x3FFF; // flat space addressing
      default -> NONE;
    };
  }

  /** The field that REPORT LUNS gives for a unit: the shortest method that can hold it. */
  static long field(int number) {
    return (long) (number < PERIPHERAL_UNITS ? number : FLAT_SPACE | number) << 48;
  }
}
