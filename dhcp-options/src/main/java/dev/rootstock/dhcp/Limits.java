// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** Every bound of this package. Sizes are in bytes. */
final class Limits {
  /** RFC 7143 §4.2.7.2: an iSCSI name in UTF-8. */
  static final int ISCSI_NAME = 223;

  /** RFC 2132 §2: what one option's length byte can say. */
  static final int OPTION = 255;

  /** RFC 1034 §3.1: a domain name as text, and one label of it. */
  static final int DOMAIN_NAME = 253;

  static final int DOMAIN_LABEL = 63;

  /** RFC 2131 §2: the fixed fields, without the magic cookie. */
  static final int FIXED_FIELDS = 236;

  static final int MAGIC_COOKIE = 4;

  /** One Ethernet frame; the packet codec below us refuses more, in both directions. */
  static final int PACKET = 1500;

  /** RFC 2131 §2: the room for a hardware address. */
  static final int HARDWARE_ADDRESS = 16;

  /** RFC 2131 §2: the fields sname and file, with the NUL that ends their text. */
  static final int SERVER_NAME_FIELD = 64;

  static final int BOOT_FILE_FIELD = 128;

  /** RFC 1542 §2.1: clients and relays may drop anything shorter. */
  static final int SHORTEST_REPLY = 300;

  /** RFC 2131 §2: the IP datagram that every client takes. */
  static final int SMALLEST_MESSAGE_LIMIT = 576;

  /** RFC 791 and RFC 768: headers that option 57 counts in, to be on the safe side. */
  static final int IP_AND_UDP_HEADERS = 28;

  private Limits() {}
}
