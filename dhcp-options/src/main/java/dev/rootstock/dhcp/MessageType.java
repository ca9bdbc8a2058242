// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** RFC 2132 §9.6, in the order of the codes 1 to 8. */
public enum MessageType {
  DISCOVER,
  OFFER,
  REQUEST,
  DECLINE,
  ACK,
  NAK,
  RELEASE,
  INFORM;

  private static final MessageType[] BY_CODE = values();

  int code() {
    return ordinal() + 1;
  }

  static MessageType ofCode(int code) throws MalformedDhcpException {
    if (code < 1 || code > BY_CODE.length) {
      throw new MalformedDhcpException("message type " + code + " is not one of DHCP");
    }
    return BY_CODE[code - 1];
  }
}
