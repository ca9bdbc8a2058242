// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.config.ConfigurationException;
import dev.rootstock.boot.control.Operations;
import dev.rootstock.qemu.bench.BootTrace.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.jspecify.annotations.Nullable;

/**
 * {@code rootstock storm}: a recorded boot of a real machine, replayed by many clients at once with
 * disks of their own, and beside it the same against tgt.
 */
public final class BootStorm {
  private static final String USAGE =
      """
      usage: rootstock storm [--clients N[,N...]] [--pace P] [--trace FILE] [--tgt]
                             [--config FILE --image NAME]
             rootstock storm --record FILE
             rootstock storm --dhcp [--machines N] [--seconds S]
      Has N clients (64), switched on at the same moment, boot as a real machine was recorded to, and
      says how long it took. P multiplies the times in which the machine computed: 1 as recorded (the
      default), 0 as fast as the server answers. Without --config a service is started for it, and
      removed. --tgt does the same to tgt, in turn. --record boots such a machine and records it.
      --dhcp has N simulated machines (1000) ask for addresses, switched on within S seconds (10).\
      """;

  /**
   * Storms before the first that counts, and the machines of each: a service that was just started
   * compiles itself for a while, and a single boot would be charged with that.
   */
  private static final int WARMING = 3;

  private static final int WARMING_CLIENTS = 64;

  private final BootTrace trace;
  private final List<Integer> clients;
  private final double pace;
  private final boolean tgt;

  private BootStorm(BootTrace trace, List<Integer> clients, double pace, boolean tgt) {
    this.trace = trace;
    this.clients = clients;
    this.pace = pace;
    this.tgt = tgt;
  }

  /** Ends with 0 when all booted, 1 when something failed, 2 on wrong usage. */
  public static void main(String[] args) {
    System.setProperty("rootstock.log", "WARN");
    System.exit(run(args));
  }

  static int run(String[] args) {
    if (List.of(args).contains("--dhcp")) {
      return DhcpStorm.command(
          List.of(args).stream().filter(each -> !each.equals("--dhcp")).toArray(String[]::new));
    }
    try {
      return run(new DefaultParser().parse(options(), args));
    } catch (ParseException e) {
      System.err.println("rootstock: storm: " + e.getMessage());
      return 2;
    } catch (InterruptedException e) {
      return 1;
    } catch (Exception e) {
      if (!(e instanceof IOException
          || e instanceof ConfigurationException
          || Operations.isRefusal(e))) {
        e.printStackTrace();
      }
      System.err.println("rootstock: storm: " + e.getMessage());
      return 1;
    }
  }

  private static Options options() {
    Options options = new Options();
    for (String each : List.of("clients", "pace", "trace", "config", "image", "record")) {
      options.addOption(Option.builder().longOpt(each).hasArg().get());
    }
    for (String each : List.of("tgt", "help")) {
      options.addOption(Option.builder().longOpt(each).get());
    }
    return options;
  }

  private static int run(CommandLine line) throws Exception {
    if (line.hasOption("help")) {
      System.out.println(USAGE);
      return 0;
    }
    if (!line.getArgList().isEmpty()) {
      throw new ParseException("unexpected argument: " + line.getArgList().getFirst());
    }
    if (line.hasOption("record")) {
      if (line.getOptions().length > 1) {
        throw new ParseException("--record goes with no other option");
      }
      BootRecorder.record(Path.of(line.getOptionValue("record")));
      return 0;
    }
    if (line.hasOption("config") != line.hasOption("image")) {
      throw new ParseException(
          "--config names a service that runs, and --image what its clients boot: give both");
    }
    List<Integer> clients = clients(line.getOptionValue("clients", "64"));
    double pace = pace(line.getOptionValue("pace", "1"));
    BootTrace trace =
        line.hasOption("trace")
            ? BootTraceFile.read(Path.of(line.getOptionValue("trace")))
            : BootTraceFile.ours();
    var storm = new BootStorm(trace, clients, pace, line.hasOption("tgt"));
    if (line.hasOption("config")) {
      Path config = Path.of(line.getOptionValue("config"));
      try (var service = StormService.running(config, line.getOptionValue("image"), trace)) {
        storm.measure(service, 0);
      }
    } else {
      storm.measureOwn();
    }
    return 0;
  }

  private static List<Integer> clients(String text) throws ParseException {
    List<Integer> counts = new ArrayList<>();
    for (String each : text.split(",", -1)) {
      try {
        int count = Integer.parseInt(each);
        if (count >= 1 && count <= BenchLimits.STORM_CLIENTS) {
          counts.add(count);
          continue;
        }
      } catch (NumberFormatException e) {
        // said below, together with numbers out of range
      }
      throw new ParseException(
          "--clients takes numbers of 1 to %d with commas in between, not %s"
              .formatted(BenchLimits.STORM_CLIENTS, text));
    }
    return counts;
  }

  private static double pace(String text) throws ParseException {
    try {
      double pace = Double.parseDouble(text);
      if (pace >= 0 && pace <= BenchLimits.PACE) {
        return pace;
      }
    } catch (NumberFormatException e) {
      // said below, together with numbers out of range
    }
    throw new ParseException("--pace takes 0 to %.0f, not %s".formatted(BenchLimits.PACE, text));
  }

  private void measureOwn() throws Exception {
    Path folder = Files.createTempDirectory("rootstock-storm");
    AtomicReference<@Nullable StormService> started = new AtomicReference<>();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  StormService service = started.get();
                  if (service != null) {
                    service.close();
                  }
                  Bench.delete(folder);
                }));
    try (var service = StormService.own(folder, trace)) {
      started.set(service);
      measure(service, WARMING);
    }
  }

  private void measure(StormService service, int warming) throws Exception {
    System.out.printf(
        "%s: %.1f s as recorded, %,d reads of %.1f MiB, %,d writes of %.1f MiB, %,d flushes,"
            + " %,d discards; pace %s%n%n",
        trace.guest(),
        trace.micros() / 1e6,
        trace.count(Kind.READ),
        trace.bytes(Kind.READ) / 1048576.0,
        trace.count(Kind.WRITE),
        trace.bytes(Kind.WRITE) / 1048576.0,
        trace.count(Kind.FLUSH),
        trace.count(Kind.DISCARD),
        pace == 0 ? "0, as fast as the server answers" : "%.2f".formatted(pace));
    for (int i = 0; i < warming; i++) {
      StormProgress progress = new StormProgress("before the first storm");
      try (StormDisks disks = service.disks(WARMING_CLIENTS)) {
        BootStormRun.run(trace, 0, disks.disks(), progress);
      }
      progress.end();
    }
    System.out.println(StormFigures.HEAD);
    for (int count : clients) {
      print(service.disks(count));
      if (tgt) {
        print(TgtServer.storm(count, trace.diskBytes()));
      }
    }
  }

  private void print(StormDisks storm) throws Exception {
    try (storm) {
      StormProgress progress =
          new StormProgress("%d clients, %s".formatted(storm.disks().size(), storm.server()));
      ProcessUse before = use(storm.process());
      long begin = System.nanoTime();
      BootStormRun.Met met = BootStormRun.run(trace, pace, storm.disks(), progress);
      long took = System.nanoTime() - begin;
      ProcessUse after = use(storm.process());
      progress.end();
      System.out.println(new StormFigures(storm.server(), met, took, before, after).row());
    }
  }

  private static ProcessUse use(Optional<ProcessHandle> process) throws IOException {
    return process.isPresent() ? ProcessUse.of(process.get()) : ProcessUse.UNKNOWN;
  }
}
