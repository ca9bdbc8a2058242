// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * The additional header segments that a SCSI command may have (RFC 7143 §11.2.2).
 *
 * @param extendedCdb what the CDB has beyond 16 bytes, without padding; empty when there is none
 * @param bidirectionalReadLength the expected length of a bidirectional command's read, an unsigned
 *     32-bit number, or {@link #ABSENT}
 * @param hasUnknownType whether there was a segment of a reserved type, which is left out
 */
public record Ahs(ByteBuffer extendedCdb, long bidirectionalReadLength, boolean hasUnknownType) {
  /** No such segment. */
  public static final long ABSENT = -1;

  /** Neither segment. */
  public static final Ahs NONE = new Ahs(ByteBuffer.allocate(0), ABSENT);

  private static final int EXTENDED_CDB = 1;
  private static final int BIDIRECTIONAL_READ_LENGTH = 2;

  /** AHSLength and AHSType, and the reserved byte that AHSLength counts. */
  private static final int FIXED = 4;

  /** A CDB has 260 bytes at most (SPC-4 §4.3.3), 16 of them in the basic header segment. */
  private static final int MAX_EXTENDED_CDB = 260 - 16;

  /** Segments whose types are known. */
  public Ahs(ByteBuffer extendedCdb, long bidirectionalReadLength) {
    this(extendedCdb, bidirectionalReadLength, false);
  }

  /** Reads the segments that lie between {@code at} and {@code end}. */
  static Ahs decode(ByteBuf in, int at, int end) throws MalformedPduException {
    ByteBuffer cdb = NONE.extendedCdb;
    long readLength = ABSENT;
    boolean unknown = false;
    int next = at;
    while (next < end) {
      int length = in.getUnsignedShort(next);
      int type = in.getUnsignedByte(next + 2) & 0x3F;
      if (length < 1 || next + Bhs.padded(3 + length) > end) {
        throw new MalformedPduException("additional header segment of length", length);
      }
      switch (type) {
        case EXTENDED_CDB -> {
          if (cdb.hasRemaining() || length - 1 > MAX_EXTENDED_CDB || length < 2) {
            throw new MalformedPduException("extended CDB of length", length);
          }
          byte[] bytes = new byte[length - 1];
          in.getBytes(next + FIXED, bytes);
          cdb = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        }
        case BIDIRECTIONAL_READ_LENGTH -> {
          if (length != 5 || readLength != ABSENT) {
            throw new MalformedPduException("bidirectional read length of length", length);
          }
          readLength = in.getUnsignedInt(next + FIXED);
        }
        default -> unknown = true;
      }
      next += Bhs.padded(3 + length);
    }
    return new Ahs(cdb, readLength, unknown);
  }

  int bytes() {
    int cdb = extendedCdb.hasRemaining() ? Bhs.padded(FIXED + extendedCdb.remaining()) : 0;
    return cdb + (bidirectionalReadLength == ABSENT ? 0 : 8);
  }

  void encode(ByteBuf out) {
    if (extendedCdb.hasRemaining()) {
      int length = extendedCdb.remaining() + 1;
      out.writeShort(length).writeByte(EXTENDED_CDB).writeByte(0);
      out.writeBytes(extendedCdb.duplicate());
      out.writeZero(Bhs.padded(3 + length) - 3 - length);
    }
    if (bidirectionalReadLength != ABSENT) {
      out.writeShort(5).writeByte(BIDIRECTIONAL_READ_LENGTH).writeByte(0);
      out.writeInt((int) bidirectionalReadLength);
    }
  }
}
