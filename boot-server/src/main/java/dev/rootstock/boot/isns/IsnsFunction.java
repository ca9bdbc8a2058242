// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.Optional;

/** RFC 4171 §4.1.3: the messages for iSCSI. */
enum IsnsFunction {
  DEVICE_REGISTER(0x0001),
  DEVICE_QUERY(0x0002),
  DEVICE_GET_NEXT(0x0003),
  DEVICE_DEREGISTER(0x0004),
  SCN_REGISTER(0x0005),
  SCN_DEREGISTER(0x0006),
  SCN_EVENT(0x0007),
  STATE_CHANGE(0x0008),
  DOMAIN_REGISTER(0x0009),
  DOMAIN_DEREGISTER(0x000A),
  DOMAIN_SET_REGISTER(0x000B),
  DOMAIN_SET_DEREGISTER(0x000C),
  STATUS_INQUIRY(0x000D);

  /** The bit that a response has beside its request's number. */
  static final int RESPONSE = 0x8000;

  private final int id;

  IsnsFunction(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }

  int responseId() {
    return id | RESPONSE;
  }

  /** The request of that number. */
  static Optional<IsnsFunction> of(int id) {
    return id >= 1 && id <= values().length ? Optional.of(values()[id - 1]) : Optional.empty();
  }
}
