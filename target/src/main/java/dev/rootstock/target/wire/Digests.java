// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

/**
 * Which digests a connection has agreed on for its full feature phase (RFC 7143 §13.1).
 *
 * @param header whether CRC32C covers the header segments
 * @param data whether CRC32C covers the data segment with its padding
 */
public record Digests(boolean header, boolean data) {
  /** What every connection begins with. */
  public static final Digests NONE = new Digests(false, false);

  /** What the header digest takes in each PDU, in bytes. */
  public int headerBytes() {
    return header ? Digest.BYTES : 0;
  }

  /** What the data digest takes in a PDU with a data segment of that many bytes. */
  public int dataBytes(int dataLength) {
    return data && dataLength > 0 ? Digest.BYTES : 0;
  }
}
