// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.scsi.Sense;
import org.jspecify.annotations.Nullable;

/**
 * One sequence of Data-Out PDUs that a task waits for: its unsolicited data, or the answer to an
 * R2T (RFC 7143 §11.7.1).
 *
 * <p>What is wrong with a PDU spoils the command, but its sequence is followed to the F bit all the
 * same: only then may the status be sent (§11.4.2). Data that are lost, to a bad digest or a gap in
 * DataSN, leave holes, which a recovery R2T may ask for again (§7.8, §7.9).
 */
final class DataOutSequence {
  /** RFC 7143 §11.4.7.2. */
  static final Sense UNEXPECTED_DATA = new Sense(0x0B, 0x0C, 0x0C, Sense.ABSENT, 0);

  static final Sense INCORRECT_AMOUNT = new Sense(0x0B, 0x0C, 0x0D, Sense.ABSENT, 0);

  /** Data are missing and are not asked for again (§7.8 b, §7.9). */
  static final Sense CRC_ERROR = new Sense(0x0B, 0x47, 0x05, Sense.ABSENT, 0);

  private final int ttt;

  /** The number of the R2T that is answered, or -1 for unsolicited data. */
  private final int r2tSn;

  private final long from;
  private final long end;
  private final Holes missing;
  private final boolean inOrder;
  private int dataSn;
  private long next;
  private boolean lost;
  private boolean open = true;
  private int pdus;
  private int pdusBefore = -1;

  /**
   * Waits for bytes of the command's data.
   *
   * @param missing those that have not come yet, between {@code from} and {@code end}
   * @param inOrder DataPDUInOrder
   */
  DataOutSequence(int ttt, int r2tSn, long from, long end, Holes missing, boolean inOrder) {
    this.ttt = ttt;
    this.r2tSn = r2tSn;
    this.from = from;
    this.end = end;
    this.missing = missing;
    this.inOrder = inOrder;
    this.next = from;
  }

  int ttt() {
    return ttt;
  }

  int r2tSn() {
    return r2tSn;
  }

  boolean solicited() {
    return r2tSn >= 0;
  }

  long from() {
    return from;
  }

  long end() {
    return end;
  }

  Holes missing() {
    return missing;
  }

  /** Whether its last PDU has not come yet. */
  boolean isOpen() {
    return open;
  }

  /** Whether a PDU was lost, as far as is known. */
  boolean lost() {
    return lost;
  }

  /** Whether nothing has come since it was asked this before; the first answer is no. */
  boolean isQuiet() {
    boolean quiet = pdus == pdusBefore;
    pdusBefore = pdus;
    return quiet;
  }

  /** Waits no longer; what has not come is lost. */
  void giveUp() {
    open = false;
    lost = true;
  }

  /**
   * Moves on by one PDU of this sequence.
   *
   * @param intact whether its data are what their digest says
   * @return what is wrong with it, or null
   */
  @Nullable Sense accept(DataOut pdu, boolean intact) {
    pdus++;
    open = !pdu.last();
    boolean again = pdu.dataSn() - dataSn < 0;
    lost |= !intact || pdu.dataSn() != dataSn;
    dataSn = again ? dataSn : pdu.dataSn() + 1;
    long offset = Integer.toUnsignedLong(pdu.bufferOffset());
    long until = offset + pdu.data().readableBytes();
    if (again) {
      return CRC_ERROR;
    }
    if (offset < from || until > end) {
      return INCORRECT_AMOUNT;
    }
    if (inOrder) {
      // Behind a loss what comes next may lie further on, but never further back (§13.18).
      if (lost ? offset < next : offset != next) {
        return INCORRECT_AMOUNT;
      }
      next = until;
    }
    return null;
  }

  /**
   * Takes note that bytes of an accepted PDU are there.
   *
   * @return how many of them had been missing, or -1 when they are more scattered than is
   *     remembered and count as lost
   */
  int fill(long offset, long until) {
    int filled = missing.fill(offset, until);
    lost |= filled < 0;
    return filled;
  }
}
