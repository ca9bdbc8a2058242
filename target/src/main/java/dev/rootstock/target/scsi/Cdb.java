// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * A command descriptor block of up to 16 bytes, as the CDB field of a SCSI Command PDU carries it
 * (RFC 7143 §11.3.5): two big-endian words, so that decoding needs neither buffer nor array.
 *
 * @param high bytes 0 to 7, byte 0 in the most significant place
 * @param low bytes 8 to 15
 */
public record Cdb(long high, long low) {

  /** The number of bytes that the field has, whatever the command's own length is. */
  public static final int BYTES = 16;

  /** The operation code, 0 to 255. */
  public int opcode() {
    return (int) (high >>> 56);
  }

  /** One byte, 0 to 255. */
  int u8(int index) {
    return (int) ((index < 8 ? high >>> (56 - 8 * index) : low >>> (120 - 8 * index)) & 0xFF);
  }

  /** Two bytes, 0 to 65535. */
  int u16(int index) {
    return u8(index) << 8 | u8(index + 1);
  }

  /** Three bytes. */
  int u24(int index) {
    return u16(index) << 8 | u8(index + 2);
  }

  /** Four bytes, as an unsigned number. */
  long u32(int index) {
    return window(index) >>> 32;
  }

  /** Eight bytes; a negative result stands for 2^63 and more. Index 8 at most. */
  long u64(int index) {
    return window(index);
  }

  boolean bit(int index, int bit) {
    return (u8(index) >>> bit & 1) != 0;
  }

  /** The eight bytes from an index on, with zeros for those past the end. */
  private long window(int index) {
    if (index >= 8) {
      return low << (8 * (index - 8));
    }
    return index == 0 ? high : (high << (8 * index)) | (low >>> (64 - 8 * index));
  }

  /** All 16 bytes in hexadecimal, as logs show them. */
  @Override
  public String toString() {
    return String.format("%016x%016x", high, low);
  }
}
