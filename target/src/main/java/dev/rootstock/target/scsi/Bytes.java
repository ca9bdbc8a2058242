// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Big-endian fields in parameter data, which all of SCSI uses. */
final class Bytes {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Bytes() {}

  static void putShort(byte[] into, int index, int value) {
    SHORT.set(into, index, (short) value);
  }

  static void putInt(byte[] into, int index, int value) {
    INT.set(into, index, value);
  }

  static void putLong(byte[] into, int index, long value) {
    LONG.set(into, index, value);
  }

  /** Left-aligned ASCII, filled with blanks, cut where it does not fit. */
  static void putAscii(byte[] into, int index, int length, String text) {
    Arrays.fill(into, index, index + length, (byte) ' ');
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, into, index, Math.min(length, ascii.length));
  }
}
