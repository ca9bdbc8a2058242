// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC32C as it stands in a PDU (RFC 7143 §13.1). One for each connection and direction: it is used
 * again and again by one thread.
 */
public final class Digest {
  /** Its length in bytes. */
  public static final int BYTES = 4;

  private static final byte[] PADDING = new byte[3];

  private final CRC32C crc = new CRC32C();

  /** The digest of bytes that already hold their padding, as the word that is written there. */
  public int of(ByteBuf in, int at, int length) {
    return of(in, at, length, 0);
  }

  /**
   * The digest of bytes and of zeros behind them, without a copy.
   *
   * @param padding 0 to 3
   */
  int of(ByteBuf in, int at, int length, int padding) {
    crc.reset();
    crc.update(bytes(in, at, length));
    crc.update(PADDING, 0, padding);
    return word(crc.getValue());
  }

  /** The digest of bytes whose checksum {@link CRC32C} has told. */
  static int word(long checksum) {
    // The first byte of the digest holds the low bits of the JDK's number.
    return Integer.reverseBytes((int) checksum);
  }

  private static ByteBuffer bytes(ByteBuf in, int at, int length) {
    // The internal buffer is one object for the life of its memory; a composite has none.
    return in.nioBufferCount() == 1 ? in.internalNioBuffer(at, length) : in.nioBuffer(at, length);
  }
}
