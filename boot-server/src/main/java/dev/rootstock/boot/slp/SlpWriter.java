// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes one message, of at most so many bytes. What does not fit sets the overflow flag. */
final class SlpWriter {
  private static final int MOST_STRING = 0xFFFF;

  private final ByteBuffer out;

  /**
   * Begins a message.
   *
   * @param most its longest length in bytes; the fixed fields of every message fit
   */
  SlpWriter(SlpFunction function, int flags, int xid, String language, int most) {
    byte[] tag = language.getBytes(StandardCharsets.US_ASCII);
    out = ByteBuffer.allocate(most);
    out.put((byte) SlpHeader.VERSION).put((byte) function.id());
    out.putShort(SlpHeader.FLAGS_AT, (short) flags);
    out.putShort(SlpHeader.XID_AT, (short) xid);
    out.putShort(SlpHeader.LANGUAGE_AT, (short) tag.length);
    out.position(SlpHeader.FIXED).put(tag);
  }

  int remaining() {
    return out.remaining();
  }

  void uint8(int value) {
    out.put((byte) value);
  }

  void uint16(int value) {
    out.putShort((short) value);
  }

  void int32(int value) {
    out.putInt(value);
  }

  /** A string with its length. */
  void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.putShort((short) bytes.length).put(bytes);
  }

  /** A place that is written when what follows it is known. */
  int later() {
    int at = out.position();
    out.putShort((short) 0);
    return at;
  }

  void uint16(int at, int value) {
    out.putShort(at, (short) value);
  }

  /**
   * A list with its length, separated by commas: as many whole elements as there is room for beside
   * what has to follow.
   *
   * @param reserved bytes that have to follow
   */
  void list(Iterable<String> elements, int reserved) {
    int at = later();
    int start = out.position();
    for (String element : elements) {
      byte[] bytes = element.getBytes(StandardCharsets.UTF_8);
      int comma = out.position() == start ? 0 : 1;
      int length = out.position() - start + comma + bytes.length;
      if (out.remaining() < comma + bytes.length + reserved || length > MOST_STRING) {
        overflow();
        break;
      }
      if (comma == 1) {
        out.put((byte) ',');
      }
      out.put(bytes);
    }
    uint16(at, out.position() - start);
  }

  /** Says in the header that something was left out. */
  void overflow() {
    out.putShort(
        SlpHeader.FLAGS_AT, (short) (out.getShort(SlpHeader.FLAGS_AT) | SlpHeader.OVERFLOW));
  }

  byte[] message() {
    int length = out.position();
    out.put(SlpHeader.LENGTH_AT, (byte) (length >>> 16));
    out.putShort(SlpHeader.LENGTH_AT + 1, (short) length);
    return Arrays.copyOf(out.array(), length);
  }
}
