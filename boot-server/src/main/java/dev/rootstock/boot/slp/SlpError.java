// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** RFC 2608 §7: the error codes that an agent can answer. */
enum SlpError {
  OK(0),
  LANGUAGE_NOT_SUPPORTED(1),
  PARSE_ERROR(2),
  INVALID_REGISTRATION(3),
  SCOPE_NOT_SUPPORTED(4),
  AUTHENTICATION_UNKNOWN(5),
  AUTHENTICATION_ABSENT(6),
  VER_NOT_SUPPORTED(9),
  INTERNAL_ERROR(10),
  DA_BUSY_NOW(11),
  OPTION_NOT_UNDERSTOOD(12),
  INVALID_UPDATE(13),
  MSG_NOT_SUPPORTED(14);

  private final int code;

  SlpError(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
