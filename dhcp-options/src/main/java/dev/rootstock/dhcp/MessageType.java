// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** RFC 2132 §9.6. */
public enum MessageType {
  DISCOVER(1),
  OFFER(2),
  REQUEST(3),
  DECLINE(4),
  ACK(5),
  NAK(6),
  RELEASE(7),
  INFORM(8);

  private final int code;

  MessageType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static MessageType ofCode(int code) throws MalformedDhcpException {
    for (MessageType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new MalformedDhcpException("message type " + code + " is not served");
  }
}
