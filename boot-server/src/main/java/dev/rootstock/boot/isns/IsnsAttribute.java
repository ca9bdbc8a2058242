// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * One TLV (RFC 4171 §5.3). Its value is as it stands in a message, with its padding; an empty one
 * asks for the attribute.
 */
final class IsnsAttribute {
  static final IsnsAttribute DELIMITER = new IsnsAttribute(0, new byte[0]);

  /** Tag and length. */
  static final int HEAD = 8;

  private static final int ADDRESS = 16;
  private static final int MAPPED = 10;

  private final int tag;
  private final byte[] value;

  private IsnsAttribute(int tag, byte[] value) {
    this.tag = tag;
    this.value = value;
  }

  /**
   * An attribute out of a message.
   *
   * @throws IsnsException where the value has not the form of that tag; unknown tags may hold
   *     anything
   */
  static IsnsAttribute of(int tag, byte[] value) throws IsnsException {
    IsnsAttribute attribute = new IsnsAttribute(tag, value.clone());
    Tag.Form form = value.length == 0 ? Tag.Form.NONE : Tag.of(tag).map(Tag::form).orElse(null);
    boolean right =
        switch (form) {
          case null -> true;
          case NONE -> value.length == 0;
          case NUMBER -> value.length == 4;
          case TIME -> value.length == 8;
          case ADDRESS -> value.length == ADDRESS;
          case TEXT -> attribute.isText();
        };
    if (!right) {
      throw new IsnsException(
          IsnsStatus.MESSAGE_FORMAT_ERROR, "the value of attribute " + tag + " has no such form");
    }
    return attribute;
  }

  static IsnsAttribute empty(Tag tag) {
    return new IsnsAttribute(tag.number(), new byte[0]);
  }

  static IsnsAttribute of(Tag tag, int number) {
    return new IsnsAttribute(tag.number(), ByteBuffer.allocate(4).putInt(number).array());
  }

  static IsnsAttribute of(Tag tag, long seconds) {
    return new IsnsAttribute(tag.number(), ByteBuffer.allocate(8).putLong(seconds).array());
  }

  /** A text, with its end and its padding. */
  static IsnsAttribute of(Tag tag, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new IsnsAttribute(tag.number(), Arrays.copyOf(bytes, (bytes.length + 4) & ~3));
  }

  /** An address; IPv4 as RFC 4171 §6.2.3 maps it. */
  static IsnsAttribute of(Tag tag, InetAddress address) {
    byte[] bytes = address.getAddress();
    ByteBuffer value = ByteBuffer.allocate(ADDRESS);
    if (bytes.length < ADDRESS) {
      value.position(MAPPED).putShort((short) 0xFFFF);
    }
    return new IsnsAttribute(tag.number(), value.put(bytes).array());
  }

  int tag() {
    return tag;
  }

  boolean is(Tag wanted) {
    return tag == wanted.number();
  }

  /** Whether it asks for a value and gives none. */
  boolean isEmpty() {
    return value.length == 0;
  }

  /** Bytes that it takes in a message. */
  int length() {
    return HEAD + value.length;
  }

  void write(ByteBuffer out) {
    out.putInt(tag).putInt(value.length).put(value);
  }

  int number() {
    return ByteBuffer.wrap(value).getInt();
  }

  /** The text without its end and padding. */
  String text() {
    return new String(value, 0, textLength(), StandardCharsets.UTF_8);
  }

  /**
   * The address, an IPv4 one as such. RFC 4171 §6.2.3 maps those into ::ffff:0:0/96; Open-iSNS
   * sends them in ::/96, where no IPv6 address but ::1 and :: is in use.
   */
  InetAddress address() {
    byte[] bytes = value;
    ByteBuffer words = ByteBuffer.wrap(value);
    boolean compatible =
        words.getLong(0) == 0 && words.getInt(8) == 0 && (words.getInt(12) & ~1) != 0;
    if (compatible) {
      bytes = Arrays.copyOfRange(value, ADDRESS - 4, ADDRESS);
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  /** Compares values as unsigned bytes; the tags are the same. */
  int compareValue(IsnsAttribute other) {
    return Arrays.compareUnsigned(value, other.value);
  }

  private int textLength() {
    int end = 0;
    while (end < value.length && value[end] != 0) {
      end++;
    }
    return end;
  }

  /** RFC 4171 §6.1: text ends in a zero byte; only padding follows it. */
  private boolean isText() {
    int end = textLength();
    int most = Tag.NODE_NAME.number() == tag ? Limits.NAME : Limits.TEXT;
    if (value.length % 4 != 0 || end == value.length || value.length > most) {
      return false;
    }
    for (int at = end; at < value.length; at++) {
      if (value[at] != 0) {
        return false;
      }
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value, 0, end));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IsnsAttribute that
        && tag == that.tag
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return 31 * tag + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return Tag.of(tag).map(Tag::name).orElse("tag " + tag)
        + "="
        + switch (isEmpty() ? Tag.Form.NONE : Tag.of(tag).map(Tag::form).orElse(Tag.Form.NONE)) {
          case NONE -> HexFormat.of().formatHex(value);
          case NUMBER -> Integer.toString(number());
          case TIME -> Long.toString(ByteBuffer.wrap(value).getLong());
          case ADDRESS -> address().getHostAddress();
          case TEXT -> text();
        };
  }
}
