// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one run showed.
 *
 * @param operations operations a second
 * @param cpu processor time of the server for one operation, in microseconds; 0 where there is no
 *     server
 * @param latency of every operation in nanoseconds, or null when the tool does not tell
 * @param fairness the slowest session's share of the mean, 1 for one session
 */
record Sample(double operations, double cpu, @Nullable Histogram latency, double fairness) {

  static Sample of(double operations, double cpu) {
    return new Sample(operations, cpu, null, 1);
  }
}
