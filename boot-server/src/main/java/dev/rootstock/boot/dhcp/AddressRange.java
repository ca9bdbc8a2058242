// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * The addresses that the server may give to clients that have none of their own.
 *
 * @param first included
 * @param last included, not below the first
 */
public record AddressRange(Inet4Address first, Inet4Address last) {

  public AddressRange {
    long size = number(last) - number(first) + 1;
    if (size < 1) {
      throw new IllegalArgumentException(
          "the range " + text(first, last) + " ends before it begins");
    }
    if (size > Limits.RANGE_ADDRESSES) {
      throw new IllegalArgumentException(
          "the range "
              + text(first, last)
              + " has "
              + size
              + " addresses, more than "
              + Limits.RANGE_ADDRESSES);
    }
  }

  boolean contains(Inet4Address address) {
    return number(address) >= number(first) && number(address) <= number(last);
  }

  int size() {
    return (int) (number(last) - number(first)) + 1;
  }

  /** The address at an index from 0 to {@link #size()} - 1. */
  Inet4Address at(int index) {
    return address(number(first) + index);
  }

  static long number(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt() & 0xFFFF_FFFFL;
  }

  static Inet4Address address(long number) {
    try {
      return (Inet4Address)
          InetAddress.getByAddress(ByteBuffer.allocate(4).putInt((int) number).array());
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are always an IPv4 address", e);
    }
  }

  @Override
  public String toString() {
    return text(first, last);
  }

  private static String text(Inet4Address first, Inet4Address last) {
    return first.getHostAddress() + "-" + last.getHostAddress();
  }
}
