// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * What one storm showed: a row of the table.
 *
 * @param tookNanos from switching on to the last machine's last answer
 * @param before what the server had used before it
 * @param after and after it
 */
record StormFigures(
    String server, BootStormRun.Met met, long tookNanos, ProcessUse before, ProcessUse after) {

  static final String HEAD =
      """
      | clients | server | s to boot: median, 99 %, slowest | slowest / median | ms an operation: \
      median, 99 %, 99.9 %, slowest | MB/s | server's CPU ms a boot | its memory, MiB | read from \
      the disk, MiB |
      |---|---|---|---|---|---|---|---|---|\
      """;

  String row() {
    int clients = met.bootNanos().size();
    double median = boot(50);
    return "| %d | %s | %s | %.2f | %s | %,.0f | %s | %s | %s |"
        .formatted(
            clients,
            server,
            joined("%.1f", median, boot(99), boot(100)),
            boot(100) / median,
            joined("%,.1f", operation(50), operation(99), operation(99.9), operation(100)),
            met.bytes() / 1e6 / (tookNanos / 1e9),
            known("%,.0f", (after.cpuMicros() - before.cpuMicros()) / 1e3 / clients),
            known("%,.0f", after.memoryBytes() / 1048576.0),
            known("%,.1f", (after.diskReadBytes() - before.diskReadBytes()) / 1048576.0));
  }

  /** Seconds within which so many of a hundred machines had booted. */
  private double boot(int percent) {
    int machines = met.bootNanos().size();
    int index = (machines * percent + 99) / 100 - 1;
    return met.bootNanos().get(index) / 1e9;
  }

  private double operation(double percent) {
    return met.latency().getValueAtPercentile(percent) / 1e6;
  }

  private String known(String format, double value) {
    return after.equals(ProcessUse.UNKNOWN) ? "" : format.formatted(value);
  }

  private static String joined(String format, double... values) {
    return DoubleStream.of(values).mapToObj(format::formatted).collect(Collectors.joining(", "));
  }
}
