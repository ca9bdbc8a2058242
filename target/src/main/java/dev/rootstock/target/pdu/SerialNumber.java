// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

/** Serial number arithmetic of 32 bits (RFC 1982), by which sequence numbers are compared. */
public final class SerialNumber {
  private SerialNumber() {}

  /** Whether {@code a} comes before {@code b}. */
  public static boolean before(int a, int b) {
    return a - b < 0;
  }

  /** Whether {@code a} comes after {@code b}. */
  public static boolean after(int a, int b) {
    return a - b > 0;
  }

  /** The later of two numbers. */
  public static int later(int a, int b) {
    return after(a, b) ? a : b;
  }
}
