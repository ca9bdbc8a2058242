// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.HexFormat;

/**
 * One line of the {@link CommandTable}. Its usage map is the CDB USAGE DATA of SPC-4 §6.35.3: a bit
 * is set where the device server looks at it. Whatever bit is not set has to be zero in a CDB.
 */
final class Command {

  /** What a unit attention that waits does to a command (SAM-5, unit attention conditions). */
  enum Attention {
    /** The command is refused, and the attention is told and gone. */
    REPORTS,
    /** The command runs, and the attention goes on waiting; so for INQUIRY and REPORT LUNS. */
    IGNORES
  }

  /** The service action of a command that has none. */
  static final int NO_SERVICE_ACTION = -1;

  private static final int SERVICE_ACTION_BITS = 0x1F;

  private final String name;
  private final byte[] usage;
  private final int serviceAction;
  private final Attention attention;
  private final Access access;
  private final Handler handler;
  // The bits that must be zero, in the shape of a Cdb. Bytes past the command's end are not its.
  private final long reservedHigh;
  private final long reservedLow;

  /**
   * @param usage hexadecimal, a byte for each of the CDB; the first is the operation code
   */
  Command(
      String name,
      String usage,
      int serviceAction,
      Attention attention,
      Access access,
      Handler handler) {
    this.name = name;
    this.usage = HexFormat.of().parseHex(usage.replace(" ", ""));
    this.serviceAction = serviceAction;
    this.attention = attention;
    this.access = access;
    this.handler = handler;
    long high = 0;
    long low = 0;
    for (int i = 1; i < this.usage.length; i++) {
      long reserved = ~this.usage[i] & 0xFF;
      if (i == 1 && serviceAction != NO_SERVICE_ACTION) {
        reserved &= ~SERVICE_ACTION_BITS;
      }
      if (i < 8) {
        high |= reserved << (56 - 8 * i);
      } else {
        low |= reserved << (120 - 8 * i);
      }
    }
    reservedHigh = high;
    reservedLow = low;
  }

  String name() {
    return name;
  }

  int opcode() {
    return usage[0] & 0xFF;
  }

  int serviceAction() {
    return serviceAction;
  }

  boolean hasServiceAction() {
    return serviceAction != NO_SERVICE_ACTION;
  }

  /** The length of the CDB in bytes. */
  int length() {
    return usage.length;
  }

  byte[] usage() {
    return usage.clone();
  }

  boolean ignoresAttention() {
    return attention == Attention.IGNORES;
  }

  /** RECOMMENDED COMMAND TIMEOUT; 0 where it depends on the size of the disk. */
  int timeoutSeconds() {
    return opcode() == Sanitize.OPCODE ? 0 : Limits.RECOMMENDED_TIMEOUT_SECONDS;
  }

  /** What reservations have to do with it. */
  Access access() {
    return access;
  }

  /**
   * Whether it may use up blocks that its unit has not allocated yet. EXTENDED COPY, which may do
   * that to another unit, sees to it itself.
   */
  boolean allocates() {
    return switch (opcode()) {
      case 0x0A, 0x2A, 0xAA, 0x8A -> true; // WRITE
      case 0x2E, 0xAE, 0x8E -> true; // WRITE AND VERIFY
      case 0x41, 0x93 -> true; // WRITE SAME
      case 0x89, 0x8B -> true; // COMPARE AND WRITE, ORWRITE
      case Sanitize.OPCODE -> serviceAction == Sanitize.OVERWRITE;
      default -> false;
    };
  }

  boolean reservedBitsAreZero(Cdb cdb) {
    return ((cdb.high() & reservedHigh) | (cdb.low() & reservedLow)) == 0;
  }

  /** Points at the first bit of a CDB that is set and has no meaning here. */
  Sense firstReservedBit(Cdb cdb) {
    long high = cdb.high() & reservedHigh;
    int position =
        high != 0
            ? Long.numberOfLeadingZeros(high)
            : 64 + Long.numberOfLeadingZeros(cdb.low() & reservedLow);
    return Sense.invalidCdbField(position / 8, 7 - position % 8);
  }

  Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return handler.plan(nexus, server, cdb, dataOut);
  }

  @Override
  public String toString() {
    return name;
  }
}
