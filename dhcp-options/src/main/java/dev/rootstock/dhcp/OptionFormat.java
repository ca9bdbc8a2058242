// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How the value of one kind of option is written.
 *
 * @param decoder reads the bytes, or says why they cannot be read
 * @param encoder writes them
 * @param <T> the value in Java
 */
record OptionFormat<T>(Decoder<T> decoder, Encoder<T> encoder) {

  interface Decoder<T> {
    T decode(byte[] value) throws MalformedDhcpException;
  }

  interface Encoder<T> {
    byte[] encode(T value);
  }

  private static final int ADDRESS = 4;

  static final OptionFormat<byte[]> BYTES = new OptionFormat<>(byte[]::clone, byte[]::clone);

  static final OptionFormat<String> TEXT =
      new OptionFormat<>(OptionFormat::text, value -> value.getBytes(StandardCharsets.UTF_8));

  static final OptionFormat<Inet4Address> ADDRESS_OPTION =
      new OptionFormat<>(
          value -> {
            expect(value, ADDRESS);
            return address(value, 0);
          },
          InetAddress::getAddress);

  static final OptionFormat<List<Inet4Address>> ADDRESSES =
      new OptionFormat<>(OptionFormat::addresses, OptionFormat::fromAddresses);

  static final OptionFormat<List<Integer>> CODES =
      new OptionFormat<>(OptionFormat::codes, OptionFormat::fromCodes);

  static final OptionFormat<Integer> UINT8 =
      new OptionFormat<>(
          value -> {
            expect(value, 1);
            return value[0] & 0xFF;
          },
          value -> new byte[] {value.byteValue()});

  static final OptionFormat<Integer> UINT16 =
      new OptionFormat<>(
          value -> {
            expect(value, 2);
            return ByteBuffer.wrap(value).getShort() & 0xFFFF;
          },
          value -> ByteBuffer.allocate(2).putShort(value.shortValue()).array());

  static final OptionFormat<Long> UINT32 =
      new OptionFormat<>(
          value -> {
            expect(value, 4);
            return ByteBuffer.wrap(value).getInt() & 0xFFFF_FFFFL;
          },
          value -> ByteBuffer.allocate(4).putInt(value.intValue()).array());

  /** RFC 2132 §2: some implementations end a text with a NUL, and receivers must put up with it. */
  private static String text(byte[] value) {
    int length = value.length;
    while (length > 0 && value[length - 1] == 0) {
      length--;
    }
    return new String(value, 0, length, StandardCharsets.UTF_8);
  }

  private static List<Inet4Address> addresses(byte[] value) throws MalformedDhcpException {
    if (value.length == 0 || value.length % ADDRESS != 0) {
      throw new MalformedDhcpException(
          "a list of addresses has four bytes each, not " + value.length + " in all");
    }
    List<Inet4Address> all = new ArrayList<>();
    for (int at = 0; at < value.length; at += ADDRESS) {
      all.add(address(value, at));
    }
    return List.copyOf(all);
  }

  private static byte[] fromAddresses(List<Inet4Address> all) {
    ByteBuffer bytes = ByteBuffer.allocate(all.size() * ADDRESS);
    all.forEach(each -> bytes.put(each.getAddress()));
    return bytes.array();
  }

  private static List<Integer> codes(byte[] value) {
    List<Integer> codes = new ArrayList<>(value.length);
    for (byte code : value) {
      codes.add(code & 0xFF);
    }
    return List.copyOf(codes);
  }

  private static byte[] fromCodes(List<Integer> codes) {
    ByteBuffer bytes = ByteBuffer.allocate(codes.size());
    codes.forEach(code -> bytes.put(code.byteValue()));
    return bytes.array();
  }

  static Inet4Address address(byte[] bytes, int at) {
    byte[] four = {bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]};
    try {
      return (Inet4Address) InetAddress.getByAddress(four);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are always an IPv4 address", e);
    }
  }

  private static void expect(byte[] value, int length) throws MalformedDhcpException {
    if (value.length != length) {
      throw new MalformedDhcpException("has " + value.length + " bytes instead of " + length);
    }
  }
}
