// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** One work and who does it. The first row is what the others are held against. */
final class Table {
  private final String work;
  private final List<Row> rows = new ArrayList<>();

  /**
   * A row.
   *
   * @param samples of the trial
   * @param latency tells latencies where the trial does not
   * @param latencies what that one told
   */
  private record Row(
      String name,
      Trial trial,
      List<Sample> samples,
      @Nullable Trial latency,
      List<Sample> latencies) {}

  Table(String work) {
    this.work = work;
  }

  Table row(String name, Trial trial) {
    return row(name, trial, null);
  }

  /**
   * A load that tells no latencies; they are taken in runs of their own, which count for nothing
   * else.
   */
  Table row(String name, Load load, Served server) {
    return row(name, load.on(server), load.latency(server));
  }

  Table row(String name, Trial trial, @Nullable Trial latency) {
    rows.add(new Row(name, trial, new ArrayList<>(), latency, new ArrayList<>()));
    return this;
  }

  String work() {
    return work;
  }

  /** Measures all rows in turn, after a turn that does not count, and prints the medians. */
  void measure(int rounds, int seconds) throws IOException, InterruptedException {
    for (Row row : rows) {
      row.trial().run(seconds);
    }
    for (int round = 0; round < rounds; round++) {
      for (Row row : rows) {
        row.samples().add(row.trial().run(seconds));
      }
    }
    for (Row row : rows) {
      if (row.latency() != null) {
        row.latency().run(BenchLimits.LATENCY_WARMING_SECONDS);
      }
    }
    for (int round = 0; round < BenchLimits.LATENCY_ROUNDS; round++) {
      for (Row row : rows) {
        if (row.latency() != null) {
          row.latencies().add(row.latency().run(seconds));
        }
      }
    }
    print();
  }

  private void print() {
    System.out.println(
        "| "
            + work
            + " | op/s (min–max) | ratio | CPU µs/op | ratio | p50, p99, p99.9 µs (our initiator)"
            + " |");
    System.out.println("|---|---|---|---|---|---|");
    List<Sample> first = rows.getFirst().samples();
    double operations = median(first, Sample::operations);
    double cpu = median(first, Sample::cpu);
    rows.forEach(row -> System.out.println(line(row, operations, cpu)));
    System.out.println();
  }

  private static String line(Row row, double firstOperations, double firstCpu) {
    List<Sample> samples = row.samples();
    double operations = median(samples, Sample::operations);
    double cpu = median(samples, Sample::cpu);
    double unfair = samples.stream().mapToDouble(Sample::fairness).min().orElseThrow();
    return "| %s%s | %,.0f (%,.0f–%,.0f) | %.2f | %s | %s | %s |"
        .formatted(
            row.name(),
            unfair == 1 ? "" : ", slowest session %.2f of the mean".formatted(unfair),
            operations,
            samples.stream().mapToDouble(Sample::operations).min().orElseThrow(),
            samples.stream().mapToDouble(Sample::operations).max().orElseThrow(),
            operations / firstOperations,
            cpu == 0 ? "" : "%.1f".formatted(cpu),
            cpu == 0 || firstCpu == 0 ? "" : "%.2f".formatted(cpu / firstCpu),
            latency(row.latency() == null ? samples : row.latencies()));
  }

  private static String latency(List<Sample> samples) {
    @Nullable Histogram all = null;
    for (Sample sample : samples) {
      if (sample.latency() != null) {
        if (all == null) {
          all = sample.latency().copy();
        } else {
          all.add(sample.latency());
        }
      }
    }
    return all == null
        ? ""
        : Stream.of(50.0, 99.0, 99.9)
            .map(all::getValueAtPercentile)
            .map(nanos -> "%,.0f".formatted(nanos / 1000.0))
            .reduce((a, b) -> a + ", " + b)
            .orElseThrow();
  }

  private static double median(List<Sample> samples, ToDoubleFunction<Sample> what) {
    List<Double> sorted = samples.stream().map(what::applyAsDouble).sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
