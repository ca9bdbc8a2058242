// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of a PDU that a target has sent, to be sent again as it was (RFC 7143 §11.16): its header
 * and its data, without padding and digests. Only the fields that have to be current are changed.
 */
public final class Replica {
  private final ByteBuf bytes;

  private Replica(ByteBuf bytes) {
    this.bytes = bytes;
  }

  /** Copies a PDU whose header lies at {@code at}, and whose data at {@code dataAt}. */
  public static Replica of(
      ByteBufAllocator allocator, ByteBuf header, int at, ByteBuf data, int dataAt, int length) {
    int size = Bhs.BYTES + length;
    return new Replica(
        allocator
            .directBuffer(size, size)
            .writeBytes(header, at, Bhs.BYTES)
            .writeBytes(data, dataAt, length));
  }

  /** Header and data; the caller gets no reference. */
  public ByteBuf bytes() {
    return bytes;
  }

  /** How much memory it takes, in bytes. */
  public int size() {
    return bytes.readableBytes();
  }

  public int statSn() {
    return bytes.getInt(Bhs.STAT_SN);
  }

  /** Sets what has to be current in whatever is sent again. */
  public void renumber(int expCmdSn, int maxCmdSn) {
    bytes.setInt(Bhs.EXP_CMD_SN, expCmdSn);
    bytes.setInt(Bhs.MAX_CMD_SN, maxCmdSn);
  }

  /** Gives a response the number of another connection (§11.4.9). */
  public void statSn(int statSn) {
    bytes.setInt(Bhs.STAT_SN, statSn);
  }

  /**
   * Changes a SCSI Response after the data of its command were cut anew (§11.16.3).
   *
   * @param snackTag of the request that asked for it, or 0
   * @param expDataSn how many Data-In PDUs there are
   */
  public void resegmented(int snackTag, int expDataSn) {
    bytes.setInt(Bhs.RESPONSE_SNACK_TAG, snackTag);
    bytes.setInt(Bhs.RESPONSE_EXP_DATA_SN, expDataSn);
  }

  /** Numbers a Data-In anew. */
  public void dataSn(int dataSn) {
    bytes.setInt(Bhs.DATA_SN, dataSn);
  }

  /**
   * Cuts a Data-In into pieces, each a copy; what ends a sequence or asks for an acknowledgement is
   * the last piece.
   *
   * @param maxSegment the longest data segment, a multiple of four
   */
  public List<Replica> cut(ByteBufAllocator allocator, int maxSegment) {
    List<Replica> pieces = new ArrayList<>();
    int length = size() - Bhs.BYTES;
    int offset = bytes.getInt(Bhs.DATA_BUFFER_OFFSET);
    int flags = Bhs.flags(bytes, 0);
    for (int at = 0; at < length; at += maxSegment) {
      int n = Math.min(maxSegment, length - at);
      Replica piece = of(allocator, bytes, 0, bytes, Bhs.BYTES + at, n);
      if (at + n < length) {
        piece.bytes.setByte(Bhs.FLAGS, flags & ~(Bhs.FINAL_BIT | Bhs.DATA_ACKNOWLEDGE_BIT));
      }
      piece.bytes.setMedium(Bhs.DATA_SEGMENT_LENGTH, n);
      piece.bytes.setInt(Bhs.DATA_BUFFER_OFFSET, offset + at);
      pieces.add(piece);
    }
    return pieces;
  }

  public void release() {
    bytes.release();
  }
}
