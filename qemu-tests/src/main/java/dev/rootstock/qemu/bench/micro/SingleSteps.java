// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench.micro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** {@code rootstock bench --micro}: has JMH measure each single step, and prints a table. */
public final class SingleSteps {
  /** Where a measuring JVM may leave files: a property of it. */
  static final String FOLDER = "rootstock.bench.folder";

  /** JVMs for each step: two, since one may have compiled it in an unlucky way. */
  private static final int FORKS = 2;

  private static final int ITERATIONS = 5;
  private static final TimeValue ITERATION = TimeValue.milliseconds(200);

  private record Step(String name, Class<?> in, String method, Map<String, String> parameters) {
    Step(String name, Class<?> in, String method) {
      this(name, in, method, Map.of());
    }
  }

  private static final List<Step> STEPS =
      List.of(
          new Step("decoder: a SCSI Command's header", DecoderSteps.class, "command"),
          new Step("framer and decoder: a SCSI Command, of 32", DecoderSteps.class, "commands"),
          new Step("framer and decoder: a Data-Out of 8 KiB, of 4", DecoderSteps.class, "dataOuts"),
          new Step("map: a golden qcow2 file", MapSteps.class, "golden"),
          new Step("map: an overlay, written there", MapSteps.class, "written"),
          new Step("map: an overlay and what is below", MapSteps.class, "below"),
          digest("48 bytes, a header", 48),
          digest("4 KiB", 4 << 10),
          digest("64 KiB", 64 << 10));

  private SingleSteps() {}

  private static Step digest(String what, int bytes) {
    return new Step(
        "CRC32C: " + what,
        DigestSteps.class,
        "digest",
        Map.of(DigestSteps.BYTES, Integer.toString(bytes)));
  }

  /**
   * Measures, and prints a row for each step as soon as it is known.
   *
   * @param folder an empty one
   * @throws IOException when a step fails; it says where JMH's own words stand
   */
  public static void measure(Path folder) throws IOException {
    // Else a file of one user in the folder for temporary ones would keep all others from it.
    System.setProperty("jmh.ignoreLock", "true");
    System.out.println("| one step | time | ± (99.9 %) | unit |");
    System.out.println("|---|---|---|---|");
    for (Step step : STEPS) {
      Result<?> result = run(step, folder);
      System.out.printf(
          "| %s | %,.1f | %,.1f | %s |%n",
          step.name(), result.getScore(), result.getScoreError(), result.getScoreUnit());
    }
  }

  private static Result<?> run(Step step, Path folder) throws IOException {
    Path log = folder.resolve("jmh.log");
    Files.deleteIfExists(log);
    String name = step.in().getName() + "." + step.method();
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(name) + "$")
            .forks(FORKS)
            .warmupIterations(ITERATIONS)
            .warmupTime(ITERATION)
            .measurementIterations(ITERATIONS)
            .measurementTime(ITERATION)
            .timeUnit(TimeUnit.NANOSECONDS)
            .shouldFailOnError(true)
            .jvmArgsAppend("-D" + FOLDER + "=" + folder)
            .output(log.toString());
    step.parameters().forEach(options::param);
    try {
      return new Runner(options.build()).runSingle().getPrimaryResult();
    } catch (RunnerException failure) {
      String said = Files.exists(log) ? Files.readString(log).strip() : "nothing";
      throw new IOException(
          "%s was not measured: %s; JMH says: %s".formatted(name, failure.getMessage(), said),
          failure);
    }
  }
}
