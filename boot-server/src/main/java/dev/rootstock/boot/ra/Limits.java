// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

/** Every bound of the advertiser. */
final class Limits {
  /** Answers to solicitations: a thousand machines in a second, then a slow trickle. */
  static final int ANSWER_BURST = 1_000;

  static final double ANSWERS_PER_SECOND = 200;

  /** RFC 4861 §6.2.1: the default of MaxRtrAdvInterval. */
  static final long BEAT_MILLIS = 600_000;

  /** RFC 4861 §10: MAX_INITIAL_RTR_ADVERT_INTERVAL and MAX_INITIAL_RTR_ADVERTISEMENTS. */
  static final long FIRST_BEAT_MILLIS = 16_000;

  static final int FIRST_BEATS = 3;

  /** RFC 4861 §10: MIN_DELAY_BETWEEN_RAS. */
  static final long LEAST_BEAT_MILLIS = 3_000;

  /** How long stopping waits for the thread. */
  static final long STOP_MILLIS = 5_000;

  private Limits() {}
}
