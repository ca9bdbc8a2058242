// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.Optional;

/** The types of persistent reservation (SPC-4 §6.15.3.4), all six. */
enum ReservationType {
  WRITE_EXCLUSIVE(1),
  EXCLUSIVE_ACCESS(3),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(7),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8);

  private final int code;

  ReservationType(int code) {
    this.code = code;
  }

  /** The TYPE field. */
  int code() {
    return code;
  }

  static Optional<ReservationType> of(int code) {
    for (ReservationType type : values()) {
      if (type.code == code) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** Whether every registrant holds the reservation. */
  boolean allRegistrants() {
    return this == WRITE_EXCLUSIVE_ALL_REGISTRANTS || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }

  /** Whether registrants have the holder's access. */
  boolean registrantsOnly() {
    return this == WRITE_EXCLUSIVE_REGISTRANTS_ONLY || this == EXCLUSIVE_ACCESS_REGISTRANTS_ONLY;
  }

  /** Whether those shut out may still read. */
  boolean writeExclusive() {
    return this == WRITE_EXCLUSIVE
        || this == WRITE_EXCLUSIVE_REGISTRANTS_ONLY
        || this == WRITE_EXCLUSIVE_ALL_REGISTRANTS;
  }
}
