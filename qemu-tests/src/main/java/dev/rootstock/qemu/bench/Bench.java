// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;

/**
 * {@code rootstock bench}: Rootstock beside tgt. Every round gives each server the same load in
 * turn, so that a drift of the machine's speed meets all of them; the tables show medians and the
 * ratios to their first row.
 */
public final class Bench {
  private static final String READER = "reader";
  private static final String WRITER = "writer";
  private static final String TENTH = "tenth";
  private static final String TGT = "tgt, raw file";
  private static final String GOLDEN = "Rootstock, golden image and overlay";
  private static final String MEMORY = "Rootstock's target, memory device";

  private final int rounds;
  private final int seconds;
  private final Pattern only;

  private Bench(int rounds, int seconds, Pattern only) {
    this.rounds = rounds;
    this.seconds = seconds;
    this.only = only;
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
            .addOption(Option.builder().longOpt("only").hasArg().get())
            .addOption(Option.builder().longOpt("help").get());
    for (Growth growth : Growth.values()) {
      options.addOption(Option.builder().longOpt(growth.option()).get());
    }
    Bench bench;
    Optional<Growth> growth;
    try {
      CommandLine line = new DefaultParser().parse(options, args);
      if (line.hasOption("help")) {
        System.out.println(
            """
            usage: rootstock bench [--rounds N] [--seconds S] [--only REGEX]
                   rootstock bench --start [--rounds N]
                   rootstock bench --idle [--seconds S]
                   rootstock bench --ceiling [--seconds S]
                   rootstock bench --micro
            Measures Rootstock beside tgt: N rounds (5) of S seconds (4) for each work, or for
            those whose names the expression finds. Writes take as long as they take.
            --start times the service from its execution to its first login, with 10,000 clients;
            --idle tells what 5,000 sessions cost that do nothing; --ceiling what memory the service
            takes while 256 clients write and it may have 1536 MiB; --micro what the PDU decoder,
            the look-up in a qcow2 map and CRC32C take by themselves, in about a minute.\
            """);
        return 0;
      }
      if (!line.getArgList().isEmpty()) {
        throw new ParseException("unexpected argument: " + line.getArgList().getFirst());
      }
      bench =
          new Bench(
              number(line, "rounds", 5, BenchLimits.ROUNDS),
              number(line, "seconds", 4, BenchLimits.SECONDS),
              Pattern.compile(line.getOptionValue("only", "")));
      growth = Growth.asked(line);
    } catch (PatternSyntaxException e) {
      System.err.println("rootstock: bench: --only takes a regular expression: " + e.getMessage());
      return 2;
    } catch (ParseException e) {
      System.err.println("rootstock: bench: " + e.getMessage());
      return 2;
    }
    try {
      if (growth.isPresent()) {
        growth.get().measure(folder(), bench.rounds, bench.seconds);
      } else {
        bench.measure();
      }
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
    Path folder = folder();
    Path disk = folder.resolve("disk.raw");
    fill(disk);
    List<String> many =
        IntStream.range(0, BenchLimits.SESSIONS).mapToObj(i -> "client" + i).toList();
    List<String> clients = new ArrayList<>(List.of(READER, WRITER, TENTH));
    clients.addAll(many);
    try (var tgt = TgtServer.start(disk);
        var golden = RootstockServer.service(folder.resolve("golden"), disk, "", clients);
        var spinning =
            RootstockServer.service(
                folder.resolve("spinning"), disk, ", spin: 100us", List.of(READER));
        var memory = RootstockServer.memory(folder)) {
      List<Table> tables = new ArrayList<>();
      reads(tables, disk, tgt, golden, memory);
      IscsiPerf single = new IscsiPerf(8, 1, true);
      tables.add(
          new Table("4 KiB random read, depth 1, spinning 100 µs")
              .row(TGT, single, tgt.served())
              .row(GOLDEN, single, spinning.served(READER)));
      writes(tables, tgt, golden);
      sessions(tables, tgt, golden, many);
      for (Table table : tables) {
        if (only.matcher(table.work()).find()) {
          table.measure(rounds, seconds);
        }
      }
    }
  }

  private static void reads(
      List<Table> tables,
      Path disk,
      TgtServer tgt,
      RootstockServer golden,
      RootstockServer memory) {
    record Work(String name, IscsiPerf load) {}
    for (Work work :
        List.of(
            new Work("4 KiB random read, depth 32", new IscsiPerf(8, 32, true)),
            new Work("4 KiB random read, depth 1", new IscsiPerf(8, 1, true)),
            new Work("64 KiB random read, depth 8", new IscsiPerf(128, 8, true)),
            new Work("256 KiB sequential read, depth 8", new IscsiPerf(512, 8, false)))) {
      int bytes = work.load().blocks() * 512;
      tables.add(
          new Table(work.name())
              .row(TGT, work.load(), tgt.served())
              .row(GOLDEN, work.load(), golden.served(READER))
              .row(MEMORY, work.load(), memory.servedMemory())
              .row("plain send over loopback", Bounds.loopback(bytes))
              .row("plain read of the file", Bounds.file(disk, bytes)));
    }
    IscsiPerf small = new IscsiPerf(8, 32, true);
    tables.add(
        new Table("4 KiB random read, depth 32, of what")
            .row("a golden image", small, golden.served(READER))
            .row(
                "an overlay, a tenth of it written",
                tenthWritten(golden, small),
                small.latency(golden.served(TENTH))));
  }

  /** Writes a tenth of the blocks, scattered, before the first run. */
  private static Trial tenthWritten(RootstockServer golden, IscsiPerf load) {
    Disk disk = golden.served(TENTH).disk();
    boolean[] written = new boolean[1];
    return seconds -> {
      if (!written[0]) {
        Scatter.write(disk, 8, 0.1);
        written[0] = true;
      }
      return load.on(golden.served(TENTH)).run(seconds);
    };
  }

  private static void writes(List<Table> tables, TgtServer tgt, RootstockServer golden) {
    for (QemuBench load : List.of(new QemuBench(4096, 32), new QemuBench(65_536, 8))) {
      String work = "%d KiB write, depth %d, ".formatted(load.bytes() / 1024, load.depth());
      tables.add(
          new Table(work + "into a fresh overlay")
              .row(TGT, load, tgt.served())
              .row(
                  GOLDEN,
                  fresh(golden, load.on(golden.served(WRITER))),
                  fresh(golden, load.latency(golden.served(WRITER)))));
      tables.add(
          new Table(work + "again")
              .row(TGT, load, tgt.served())
              .row(GOLDEN, load, golden.served(WRITER)));
    }
  }

  /** The same on a disk that nothing has been written to. */
  private static Trial fresh(RootstockServer golden, Trial writes) {
    return seconds -> {
      golden.reset(WRITER);
      return writes.run(seconds);
    };
  }

  private static void sessions(
      List<Table> tables, TgtServer tgt, RootstockServer golden, List<String> many) {
    List<Disk> one = List.of(golden.served(READER).disk());
    tables.add(
        new Table("64 KiB random read, depth 8, our initiator")
            .row(
                "without digests",
                new Sessions(Access.RANDOM_READ, 128, 8, false).on(golden.process(), one))
            .row(
                "header and data digests",
                new Sessions(Access.RANDOM_READ, 128, 8, true).on(golden.process(), one)));
    Sessions load = new Sessions(Access.RANDOM_READ, 8, 4, false);
    tables.add(
        new Table(many.size() + " sessions, 4 KiB random read, depth 4 each")
            .row(TGT, load.on(tgt.process(), Collections.nCopies(many.size(), tgt.served().disk())))
            .row(
                GOLDEN,
                load.on(
                    golden.process(),
                    many.stream().map(client -> golden.served(client).disk()).toList())));
  }

  /** One for everything, which is gone when this process is. */
  private static Path folder() throws IOException {
    Path folder = Files.createTempDirectory("rootstock-bench");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    return folder;
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
