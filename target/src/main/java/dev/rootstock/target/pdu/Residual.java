// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

/**
 * How far a transfer was from what the initiator expected (RFC 7143 §11.4.5).
 *
 * @param overflow the O bit: the command had more data than expected
 * @param count in bytes, unsigned; 0 for no residual, and the U bit is set otherwise
 */
public record Residual(boolean overflow, int count) {
  /** What was expected is what there was. */
  public static final Residual NONE = new Residual(false, 0);

  /**
   * Compares the two lengths.
   *
   * @param presented the SCSI-presented data transfer length in bytes
   * @param expected the Expected Data Transfer Length in bytes
   */
  public static Residual of(long presented, long expected) {
    return presented == expected
        ? NONE
        : new Residual(presented > expected, (int) Math.abs(presented - expected));
  }

  int flags() {
    return count == 0 ? 0 : overflow ? Bhs.OVERFLOW_BIT : Bhs.UNDERFLOW_BIT;
  }

  /** The bits o and u, which are about a bidirectional command's input (§11.4.1). */
  int bidirectionalFlags() {
    return count == 0
        ? 0
        : overflow ? Bhs.BIDIRECTIONAL_OVERFLOW_BIT : Bhs.BIDIRECTIONAL_UNDERFLOW_BIT;
  }

  static Residual decodeBidirectional(int flags, int count) throws MalformedPduException {
    // The two bits lie two places above the others.
    return decode(flags >> 2, count);
  }

  static Residual decode(int flags, int count) throws MalformedPduException {
    boolean overflow = (flags & Bhs.OVERFLOW_BIT) != 0;
    boolean underflow = (flags & Bhs.UNDERFLOW_BIT) != 0;
    if (overflow && underflow) {
      throw new MalformedPduException("residual with both O and U, flags", flags);
    }
    return overflow || underflow ? new Residual(overflow, count) : NONE;
  }
}
