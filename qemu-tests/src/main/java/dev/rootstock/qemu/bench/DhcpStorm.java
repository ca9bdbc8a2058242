// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;

/**
 * {@code rootstock storm --dhcp}: many machines that are switched on within seconds, simulated, and
 * the real service, in network namespaces of their own.
 */
public final class DhcpStorm {
  private static final Pattern LINE =
      Pattern.compile(
          "storm (\\w+) offered (\\d+) bound (\\d+) repeated (\\d+) median-us (\\d+) p99-us (\\d+)"
              + " max-us (\\d+)");

  private static final Pattern LOST = Pattern.compile("storm lost (\\d+)");

  private DhcpStorm() {}

  /**
   * What machines met in one stage of their start.
   *
   * @param stage who asked: {@code firmware} or {@code ipxe}
   * @param offered machines that got an offer
   * @param bound machines that got an address
   * @param repeated packets that had to be sent again, because no answer came in time
   * @param medianMicros from the first DISCOVER to the offer
   * @param p99Micros likewise, of the slowest hundredth
   * @param maxMicros likewise, of the slowest
   */
  public record Met(
      String stage,
      int offered,
      int bound,
      int repeated,
      long medianMicros,
      long p99Micros,
      long maxMicros) {}

  /**
   * One storm.
   *
   * @param met the ROMs' and iPXE's side
   * @param lost packets that came in, and that the kernel dropped because they were not read
   */
  public record Outcome(List<Met> met, int lost) {
    public Outcome {
      met = List.copyOf(met);
    }
  }

  /** Answers with 0 when all machines got an address, 1 when not, 2 on wrong usage. */
  static int command(String[] args) {
    var options =
        new Options()
            .addOption(Option.builder().longOpt("machines").hasArg().get())
            .addOption(Option.builder().longOpt("seconds").hasArg().get())
            .addOption(Option.builder().longOpt("help").get());
    try {
      CommandLine line = new DefaultParser().parse(options, args);
      if (line.hasOption("help")) {
        System.out.println(
            "usage: rootstock storm --dhcp [--machines N] [--seconds S]\n"
                + "Has N simulated machines (1000) ask for addresses, switched on within S seconds"
                + " (10).");
        return 0;
      }
      if (!line.getArgList().isEmpty()) {
        throw new ParseException("unexpected argument: " + line.getArgList().getFirst());
      }
      int machines = Bench.number(line, "machines", 1_000, BenchLimits.MACHINES);
      int seconds = Bench.number(line, "seconds", 10, BenchLimits.SECONDS);
      return print(machines, seconds);
    } catch (ParseException e) {
      System.err.println("rootstock: storm --dhcp: " + e.getMessage());
      return 2;
    } catch (IOException e) {
      System.err.println("rootstock: storm --dhcp: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      return 1;
    }
  }

  private static int print(int machines, int seconds) throws IOException, InterruptedException {
    boolean all = true;
    System.out.println(
        "| %,d machines in %d s | offers | sent again | median | 99 %% within | slowest |"
            .formatted(machines, seconds));
    System.out.println("|---|---|---|---|---|---|");
    Outcome outcome = run(machines, seconds);
    for (Met each : outcome.met()) {
      System.out.println(
          "| %s | %,d | %d | %.1f ms | %.1f ms | %.1f ms |"
              .formatted(
                  each.stage().equals("ipxe") ? "iPXE" : "ROM",
                  each.offered(),
                  each.repeated(),
                  each.medianMicros() / 1e3,
                  each.p99Micros() / 1e3,
                  each.maxMicros() / 1e3));
      all &= each.bound() == machines;
    }
    System.out.println("\n%,d packets were lost before they were read.".formatted(outcome.lost()));
    return all ? 0 : 1;
  }

  /**
   * Runs it. Takes root, or user namespaces.
   *
   * @throws IOException saying what could not be started, or what was printed instead
   */
  public static Outcome run(int machines, int seconds) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("rootstock-storm");
    try {
      Path script = folder.resolve("storm.sh");
      try (InputStream in =
          Objects.requireNonNull(DhcpStorm.class.getResourceAsStream("storm.sh"))) {
        Files.write(script, in.readAllBytes());
      }
      String patience = Long.toString(seconds + BenchLimits.STORM_OVERRUN.toSeconds());
      String output =
          Tool.run(
              Duration.ofSeconds(seconds).plus(BenchLimits.STORM_OVERRUN.multipliedBy(2)),
              "unshare",
              namespaces(),
              "bash",
              script.toString(),
              folder.toString(),
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
              Integer.toString(machines),
              Integer.toString(seconds),
              patience);
      List<Met> met = LINE.matcher(output).results().map(DhcpStorm::met).toList();
      Matcher lost = LOST.matcher(output);
      if (met.size() != StormMachines.Stage.values().length || !lost.find()) {
        throw new IOException("no figures, but: " + output.strip());
      }
      return new Outcome(met, Integer.parseInt(lost.group(1)));
    } finally {
      Bench.delete(folder);
    }
  }

  private static Met met(MatchResult line) {
    return new Met(
        line.group(1),
        Integer.parseInt(line.group(2)),
        Integer.parseInt(line.group(3)),
        Integer.parseInt(line.group(4)),
        Long.parseLong(line.group(5)),
        Long.parseLong(line.group(6)),
        Long.parseLong(line.group(7)));
  }

  private static String namespaces() throws InterruptedException, IOException {
    for (String each : List.of("-n", "-rn")) {
      if (new ProcessBuilder("unshare", each, "true")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0) {
        return each;
      }
    }
    throw new IOException(
        "'unshare -rn true' and 'unshare -n true' fail: run it as root, or allow user namespaces");
  }
}
