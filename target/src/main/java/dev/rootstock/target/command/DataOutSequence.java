// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.Sense;
import org.jspecify.annotations.Nullable;

/**
 * The one sequence of Data-Out PDUs that a task may be waiting for: its unsolicited data, or the
 * answer to its R2T (RFC 7143 §11.7.1). One is enough because MaxOutstandingR2T is 1, and order is
 * what DataPDUInOrder=Yes and DataSequenceInOrder=Yes promise.
 *
 * <p>What is wrong with a PDU spoils the command, but its sequence is followed to the F bit all the
 * same: only then may the status be sent (§11.4.2).
 */
final class DataOutSequence {
  /** RFC 7143 §11.4.7.2. */
  static final Sense UNEXPECTED_DATA = new Sense(0x0B, 0x0C, 0x0C, Sense.ABSENT, 0);

  static final Sense INCORRECT_AMOUNT = new Sense(0x0B, 0x0C, 0x0D, Sense.ABSENT, 0);

  /** A PDU is missing, which at recovery level 0 is the same as a bad digest (§7.8, §7.9). */
  static final Sense SEQUENCE_ERROR = new Sense(0x0B, 0x47, 0x05, Sense.ABSENT, 0);

  private boolean open;
  private int ttt = Tag.NONE;
  private int dataSn;
  private long next;
  private long end;

  /** Waits for the bytes from {@code from} to {@code end} of the command's data. */
  void open(int ttt, long from, long end) {
    this.open = true;
    this.ttt = ttt;
    this.dataSn = 0;
    this.next = from;
    this.end = end;
  }

  boolean isOpen() {
    return open;
  }

  /** Whether a PDU belongs to this sequence. */
  boolean owns(DataOut pdu) {
    return open && pdu.ttt() == ttt;
  }

  /**
   * Moves on by one PDU of this sequence.
   *
   * @return what is wrong with it, or null when its data are in order
   */
  @Nullable Sense accept(DataOut pdu) {
    int length = pdu.data().readableBytes();
    long offset = Integer.toUnsignedLong(pdu.bufferOffset());
    Sense fault = null;
    if (pdu.dataSn() != dataSn) {
      fault = SEQUENCE_ERROR;
    } else if (offset != next || offset + length > end) {
      fault = INCORRECT_AMOUNT;
    }
    dataSn++;
    next = offset + length;
    if (pdu.last()) {
      open = false;
      if (fault == null && next != end) {
        fault = INCORRECT_AMOUNT;
      }
    }
    return fault;
  }
}
