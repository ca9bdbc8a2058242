// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;

/**
 * {@code rootstock bench}: Rootstock beside tgt. Every round gives each server the same load in
 * turn, so that a drift of the machine's speed meets all of them; the table shows medians and the
 * ratios to tgt.
 */
public final class Bench {
  private static final List<Load> LOADS =
      List.of(
          new Load("4 KiB random read, depth 32", 8, 32, true),
          new Load("4 KiB random read, depth 1", 8, 1, true),
          new Load("64 KiB random read, depth 8", 128, 8, true),
          new Load("256 KiB sequential read, depth 8", 512, 8, false));

  private final int rounds;
  private final int seconds;

  private Bench(int rounds, int seconds) {
    this.rounds = rounds;
    this.seconds = seconds;
  }

  /** Ends with 0 when all was measured, 1 when something failed, 2 on wrong usage. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  private static int run(String[] args) {
    var options =
        new Options()
            .addOption(Option.builder().longOpt("rounds").hasArg().get())
            .addOption(Option.builder().longOpt("seconds").hasArg().get())
            .addOption(Option.builder().longOpt("help").get());
    int rounds;
    int seconds;
    try {
      CommandLine line = new DefaultParser().parse(options, args);
      if (line.hasOption("help")) {
        System.out.println(
            "usage: rootstock bench [--rounds N] [--seconds S]\n"
                + "Measures Rootstock beside tgt: N rounds (5) of S seconds (4) for each load.");
        return 0;
      }
      if (!line.getArgList().isEmpty()) {
        throw new ParseException("unexpected argument: " + line.getArgList().getFirst());
      }
      rounds = number(line, "rounds", 5, BenchLimits.ROUNDS);
      seconds = number(line, "seconds", 4, BenchLimits.SECONDS);
    } catch (ParseException e) {
      System.err.println("rootstock: bench: " + e.getMessage());
      return 2;
    }
    try {
      new Bench(rounds, seconds).measure();
      return 0;
    } catch (IOException e) {
      System.err.println("rootstock: bench: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      return 1;
    }
  }

  static int number(CommandLine line, String option, int absent, int most) throws ParseException {
    String text = line.getOptionValue(option);
    if (text == null) {
      return absent;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= 1 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, together with numbers out of range
    }
    throw new ParseException("--%s takes 1 to %d, not %s".formatted(option, most, text));
  }

  private void measure() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("rootstock-bench");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    Path disk = folder.resolve("disk.raw");
    fill(disk);
    try (var tgt = TgtServer.start(disk);
        var golden = RootstockServer.golden(folder, disk);
        var memory = RootstockServer.memory(folder)) {
      List<Served> servers = List.of(tgt, golden, memory);
      for (Load load : LOADS) {
        table(load, samples(load, servers));
      }
    }
  }

  private Map<Served, List<Load.Sample>> samples(Load load, List<Served> servers)
      throws IOException, InterruptedException {
    Map<Served, List<Load.Sample>> samples = new LinkedHashMap<>();
    for (Served server : servers) {
      load.measure(server, seconds); // a warm-up that does not count
      samples.put(server, new ArrayList<>());
    }
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<Served, List<Load.Sample>> each : samples.entrySet()) {
        each.getValue().add(load.measure(each.getKey(), seconds));
      }
    }
    return samples;
  }

  private static void table(Load load, Map<Served, List<Load.Sample>> samples) {
    System.out.println("| " + load.name() + " | op/s (min–max) | × tgt | CPU µs/op | × tgt |");
    System.out.println("|---|---|---|---|---|");
    List<Load.Sample> peer = samples.values().iterator().next();
    double peerOperations = median(peer.stream().map(Load.Sample::operations));
    double peerCpu = median(peer.stream().map(Load.Sample::cpu));
    samples.forEach(
        (server, list) -> {
          double operations = median(list.stream().map(Load.Sample::operations));
          double cpu = median(list.stream().map(Load.Sample::cpu));
          double least = list.stream().mapToDouble(Load.Sample::operations).min().orElseThrow();
          double most = list.stream().mapToDouble(Load.Sample::operations).max().orElseThrow();
          System.out.printf(
              "| %s | %,.0f (%,.0f–%,.0f) | %.2f | %.1f | %.2f |%n",
              server.name(),
              operations,
              least,
              most,
              operations / peerOperations,
              cpu,
              cpu / peerCpu);
        });
    System.out.println();
  }

  private static double median(Stream<Double> values) {
    List<Double> sorted = values.sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static void fill(Path disk) throws IOException {
    var random = new Random(1);
    byte[] piece = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(disk)) {
      for (long done = 0; done < BenchLimits.DISK_BYTES; done += piece.length) {
        random.nextBytes(piece);
        out.write(piece);
      }
    }
  }

  static void delete(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      System.err.println("rootstock: bench: left behind: " + e.getMessage());
    }
  }
}
