// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.Optional;

/** RFC 4171 §5.4. */
enum IsnsStatus {
  SUCCESSFUL(0),
  MESSAGE_FORMAT_ERROR(2),
  INVALID_REGISTRATION(3),
  INVALID_QUERY(5),
  SOURCE_UNKNOWN(6),
  SOURCE_ABSENT(7),
  SOURCE_UNAUTHORIZED(8),
  NO_SUCH_ENTRY(9),
  VERSION_NOT_SUPPORTED(10),
  BUSY(12),
  MESSAGE_NOT_SUPPORTED(15),
  SCN_REGISTRATION_REJECTED(17),
  ATTRIBUTE_NOT_IMPLEMENTED(18),
  ESI_NOT_AVAILABLE(21),
  INVALID_DEREGISTRATION(22),
  REGISTRATION_FEATURE_NOT_SUPPORTED(23);

  private final int code;

  IsnsStatus(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Optional<IsnsStatus> of(int code) {
    for (IsnsStatus status : values()) {
      if (status.code == code) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }
}
