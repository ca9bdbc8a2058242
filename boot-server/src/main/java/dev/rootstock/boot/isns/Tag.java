// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** RFC 4171 §6.1: the attributes of iSCSI that a server has to know (§4.1.1). */
enum Tag {
  DELIMITER(0, Form.NONE, false),
  ENTITY_ID(1, Form.TEXT, true),
  ENTITY_PROTOCOL(2, Form.NUMBER, true),
  MANAGEMENT_ADDRESS(3, Form.ADDRESS, true),
  TIMESTAMP(4, Form.TIME, false),
  PROTOCOL_VERSIONS(5, Form.NUMBER, true),
  REGISTRATION_PERIOD(6, Form.NUMBER, true),
  ENTITY_INDEX(7, Form.NUMBER, false),
  PORTAL_ADDRESS(16, Form.ADDRESS, true),
  PORTAL_PORT(17, Form.NUMBER, true),
  PORTAL_NAME(18, Form.TEXT, true),
  ESI_INTERVAL(19, Form.NUMBER, true),
  ESI_PORT(20, Form.NUMBER, true),
  PORTAL_INDEX(22, Form.NUMBER, false),
  SCN_PORT(23, Form.NUMBER, true),
  PORTAL_SECURITY(27, Form.NUMBER, true),
  NODE_NAME(32, Form.TEXT, true),
  NODE_TYPE(33, Form.NUMBER, true),
  NODE_ALIAS(34, Form.TEXT, true),
  NODE_SCN_BITMAP(35, Form.NUMBER, true),
  NODE_INDEX(36, Form.NUMBER, false),
  NODE_AUTH_METHOD(42, Form.TEXT, true),
  GROUP_NODE_NAME(48, Form.TEXT, false),
  GROUP_ADDRESS(49, Form.ADDRESS, false),
  GROUP_PORT(50, Form.NUMBER, false),
  GROUP_TAG(51, Form.NUMBER, false),
  GROUP_INDEX(52, Form.NUMBER, false),
  DOMAIN_SET_ID(2049, Form.NUMBER, false),
  DOMAIN_SET_NAME(2050, Form.TEXT, false),
  DOMAIN_SET_STATUS(2051, Form.NUMBER, false),
  DOMAIN_ID(2065, Form.NUMBER, false),
  DOMAIN_NAME(2066, Form.TEXT, false),
  DOMAIN_MEMBER_INDEX(2067, Form.NUMBER, false),
  DOMAIN_MEMBER_NAME(2068, Form.TEXT, false),
  DOMAIN_MEMBER_PORTAL_INDEX(2070, Form.NUMBER, false),
  DOMAIN_MEMBER_PORTAL_ADDRESS(2071, Form.ADDRESS, false),
  DOMAIN_MEMBER_PORTAL_PORT(2072, Form.NUMBER, false),
  DOMAIN_FEATURES(2078, Form.NUMBER, false);

  /** What a value is. */
  enum Form {
    /** Nothing. */
    NONE,
    /** 4 bytes. */
    NUMBER,
    /** 8 bytes: seconds since 1970. */
    TIME,
    /** 16 bytes: IPv6, or IPv4 within it. */
    ADDRESS,
    /** UTF-8 that ends in a zero byte, filled with zeros to a multiple of 4. */
    TEXT
  }

  private static final Map<Integer, Tag> BY_NUMBER =
      Arrays.stream(values()).collect(Collectors.toMap(Tag::number, Function.identity()));

  private static final int FIRST_OF_SERVER = 132;
  private static final int LAST_OF_SERVER = 384;

  private final int number;
  private final Form form;
  private final boolean registered;

  Tag(int number, Form form, boolean registered) {
    this.number = number;
    this.form = form;
    this.registered = registered;
  }

  int number() {
    return number;
  }

  Form form() {
    return form;
  }

  /** Whether an initiator may say it of itself. */
  boolean isRegistered() {
    return registered;
  }

  /**
   * RFC 4171 §6: of the attributes that are not here, those that nobody may register: the next
   * index of each kind of object, and what a server says of itself.
   */
  static boolean isReadOnly(int number) {
    return switch (number) {
      case 8, 24, 38, 53, 2052, 2079 -> true;
      default -> number >= FIRST_OF_SERVER && number <= LAST_OF_SERVER;
    };
  }

  static Optional<Tag> of(int number) {
    return Optional.ofNullable(BY_NUMBER.get(number));
  }
}
