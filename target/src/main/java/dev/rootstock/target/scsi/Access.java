// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * What a command does to a unit, so far as reservations ask: a row of the tables of SPC-4 §5.13 and
 * SBC-3 §4.17 that say which commands conflict.
 */
enum Access {
  /** Allowed whoever has reserved the unit. */
  ALWAYS,

  /** Allowed under persistent reservations; a RESERVE by somebody else refuses it. */
  STATUS,

  /** Refused where the unit is for others alone. */
  READ,

  /** Refused also where others alone may write. So are commands that change settings. */
  WRITE,

  /** START STOP UNIT: {@link #ALWAYS} when it starts, else {@link #WRITE}. */
  START,

  /** PREVENT ALLOW MEDIUM REMOVAL: {@link #ALWAYS} when it allows, else {@link #WRITE}. */
  PREVENT,

  /** The commands of reservations, which look for themselves. */
  RESERVATION;

  private static final int POWER_CONDITION_AND_START = 0xF1;
  private static final int START_ONLY = 0x01;
  private static final int PREVENT_BITS = 0x03;

  /** The row that a CDB belongs to, with the two resolved that depend on it. */
  Access of(Cdb cdb) {
    return switch (this) {
      case START -> (cdb.u8(4) & POWER_CONDITION_AND_START) == START_ONLY ? ALWAYS : WRITE;
      case PREVENT -> (cdb.u8(4) & PREVENT_BITS) == 0 ? ALWAYS : WRITE;
      default -> this;
    };
  }
}
