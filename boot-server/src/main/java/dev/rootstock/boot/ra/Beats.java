// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import java.util.concurrent.TimeUnit;

/**
 * When everybody on the link hears an advertisement: unasked now and then (RFC 4861 §6.2.4), and
 * when somebody without an address asks, but never twice within MIN_DELAY_BETWEEN_RAS (§6.2.6),
 * however many ask. Times are those of {@link System#nanoTime}.
 */
final class Beats {
  private static final long LEAST = TimeUnit.MILLISECONDS.toNanos(Limits.LEAST_BEAT_MILLIS);

  private int beats;
  private long last;
  private long next;

  /** The first is due at once. */
  Beats(long now) {
    last = now - LEAST;
    next = now;
  }

  boolean isDue(long now) {
    return now - next >= 0;
  }

  /** How long it is until the next one is due. */
  long nanosLeft(long now) {
    return next - now;
  }

  /** It was sent. */
  void sent(long now) {
    beats++;
    last = now;
    next =
        now
            + TimeUnit.MILLISECONDS.toNanos(
                beats < Limits.FIRST_BEATS ? Limits.FIRST_BEAT_MILLIS : Limits.BEAT_MILLIS);
  }

  /** Somebody asks who cannot be answered alone. */
  void asked(long now) {
    long possible = now - last >= LEAST ? now : last + LEAST;
    if (possible - next < 0) {
      next = possible;
    }
  }
}
