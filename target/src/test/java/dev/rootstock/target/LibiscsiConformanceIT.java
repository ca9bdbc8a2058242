// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Geometry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Runs every test of libiscsi's {@code iscsi-test-cu} against a target of ours, each in a process
 * of its own and with two paths. What each of them is to come to stands in {@code
 * libiscsi-expected.txt}: a test that does worse fails here, and so does one that does better,
 * until the list says so. The counts stand in {@code docs/conformance.md}.
 */
class LibiscsiConformanceIT {
  private static final String TOOL = "iscsi-test-cu";
  private static final String WRITABLE = "iqn.2026-11.dev.rootstock:00000000:libiscsi";
  private static final String READ_ONLY = "iqn.2026-11.dev.rootstock:00000000:libiscsi-read-only";
  private static final String LARGE_BLOCKS =
      "iqn.2026-11.dev.rootstock:00000000:libiscsi-large-blocks";
  private static final String READ_ONLY_TEST = "ALL.ReadOnly.ReadOnlySBC";

  /**
   * In its second half it asks for the status of block i + 1, and then expects an answer that
   * begins at block i + (logical blocks of a physical one). Both are the same only on disks where
   * these are one, so it gets a disk with blocks of 4096 bytes.
   */
  private static final String LARGE_BLOCKS_TEST = "ALL.GetLBAStatus.UnmapSingle";

  private static final long DISK_BYTES = 64L << 20;
  private static final int SECONDS_A_TEST = 30;

  /** A test that waits for a minute. It needs a disk that takes some seconds to be overwritten. */
  private static final String SLOW_TEST = "ALL.Sanitize.Reset";

  private static final String SLOW = "iqn.2026-11.dev.rootstock:00000000:libiscsi-slow";
  private static final int SECONDS_OF_SLOW_TEST = 100;
  private static final Duration SLOW_WRITE = Duration.ofMillis(150);

  private static final Path LOGS = Path.of("build", "libiscsi");
  private static final Path COUNTS = Path.of("..", "docs", "conformance.md");
  private static final String COUNTS_HEADER = "| passed | failed | skipped | timed out |";

  private static final Pattern NAME = Pattern.compile("ALL\\.[^.]+\\.[^.]+");

  /** What the tool prints when it has connected and the test begins. */
  private static final String BANNER = "http://cunit.sourceforge.net/";

  /** CUnit's summary: tests in all, run, passed, failed. */
  private static final Pattern SUMMARY =
      Pattern.compile("^ +tests +\\d+ +1 +(\\d+) +(\\d+)", Pattern.MULTILINE);

  /** How a test ends. */
  private enum Outcome {
    PASSED,
    /** An assertion failed, or the tool ended without a summary. */
    FAILED,
    /** It says so itself; to CUnit that is a pass. */
    SKIPPED,
    TIMED_OUT
  }

  private static final Map<String, Outcome> OUTCOMES = new LinkedHashMap<>();

  @BeforeAll
  static void runAll() throws Exception {
    Files.createDirectories(LOGS);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (IscsiTarget target = IscsiTarget.start(TargetSettings.listeningOn(any), new Disks())) {
      InetSocketAddress portal = target.addresses().getFirst();
      String prefix = "iscsi://127.0.0.1:" + portal.getPort() + "/";
      List<String> names = names();
      // The slow one has a disk of its own and sleeps while the others run.
      CompletableFuture<Outcome> slow =
          CompletableFuture.supplyAsync(
              () -> run(SLOW_TEST, prefix + SLOW + "/0", SECONDS_OF_SLOW_TEST),
              Thread::startVirtualThread);
      for (String name : names) {
        if (name.equals(SLOW_TEST)) {
          continue;
        }
        String disk =
            switch (name) {
              case READ_ONLY_TEST -> READ_ONLY;
              case LARGE_BLOCKS_TEST -> LARGE_BLOCKS;
              default -> WRITABLE;
            };
        OUTCOMES.put(name, run(name, prefix + disk + "/0", SECONDS_A_TEST));
      }
      OUTCOMES.put(SLOW_TEST, slow.get());
    }
  }

  private static List<String> names() throws Exception {
    Path list = LOGS.resolve("list.log");
    Process process = start(list, TOOL, "--list");
    process.waitFor(SECONDS_A_TEST, TimeUnit.SECONDS);
    return text(list).lines().map(String::strip).filter(NAME.asMatchPredicate()).toList();
  }

  private static Outcome run(String name, String url, int seconds) {
    Path log = LOGS.resolve(name + ".log");
    try {
      // Destructive tests and SANITIZE allowed, normal output, the same disk on both paths.
      Process process = start(log, TOOL, "-d", "-S", "-n", "-t", name, url, url);
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        return Outcome.TIMED_OUT;
      }
      String output = text(log);
      Matcher summary = SUMMARY.matcher(output);
      if (!summary.find() || !summary.group(2).equals("0")) {
        return Outcome.FAILED;
      }
      return skips(output) ? Outcome.SKIPPED : Outcome.PASSED;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + name, e);
    }
  }

  /** Whether a test says that it skipped something; what is said before it begins is no part. */
  private static boolean skips(String output) {
    return output
        .lines()
        .dropWhile(line -> !line.contains(BANNER))
        .anyMatch(line -> line.contains("[SKIPPED]"));
  }

  private static Process start(Path log, String... command) throws IOException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(log.toFile())
          .start();
    } catch (IOException e) {
      throw new IOException(TOOL + " does not start; run: apt-get install -y libiscsi-bin", e);
    }
  }

  /** The tool prints what a target sends, so its output is not always UTF-8. */
  private static String text(Path log) throws IOException {
    return Files.readString(log, StandardCharsets.ISO_8859_1);
  }

  @Test
  void eachTestEndsAsTheListSays() {
    Map<String, Outcome> expected = expected();
    List<String> differences = new ArrayList<>();
    OUTCOMES.forEach(
        (name, outcome) -> {
          Outcome wanted = expected.getOrDefault(name, Outcome.PASSED);
          if (outcome != wanted) {
            differences.add(name + " " + outcome + ", and not " + wanted);
          }
        });
    assertEquals("", String.join("\n", differences), "what is right is to be seen in " + LOGS);
  }

  @Test
  void theListNamesOnlyTestsThatExist() {
    assertTrue(OUTCOMES.size() >= 230, OUTCOMES.size() + " tests");
    assertEquals(
        List.of(), expected().keySet().stream().filter(n -> !OUTCOMES.containsKey(n)).toList());
  }

  @Test
  void theCountsAreThoseThatTheDocumentationStates() throws IOException {
    Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    for (Outcome outcome : Outcome.values()) {
      counts.put(outcome, 0);
    }
    OUTCOMES.values().forEach(outcome -> counts.merge(outcome, 1, Integer::sum));
    List<String> lines = Files.readAllLines(COUNTS);
    int header = lines.indexOf(COUNTS_HEADER);
    assertTrue(header >= 0, COUNTS + " has no table " + COUNTS_HEADER);
    assertEquals(
        "| %d | %d | %d | %d |"
            .formatted(
                counts.get(Outcome.PASSED),
                counts.get(Outcome.FAILED),
                counts.get(Outcome.SKIPPED),
                counts.get(Outcome.TIMED_OUT)),
        lines.get(header + 2));
  }

  /** The tests that do not pass: a name, an outcome, and the reason behind a hash. */
  private static Map<String, Outcome> expected() {
    Map<String, Outcome> expected = new TreeMap<>();
    try (var resource = LibiscsiConformanceIT.class.getResourceAsStream("/libiscsi-expected.txt")) {
      assertTrue(resource != null, "no libiscsi-expected.txt");
      String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        List<String> words = List.of(line.replaceFirst("#.*", "").strip().split("\\s+"));
        if (words.size() == 2) {
          expected.put(words.get(0), Outcome.valueOf(words.get(1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return expected;
  }

  /** Lets everybody in to a disk that can be written, one that cannot, and one of large blocks. */
  private static final class Disks implements Admission {
    private final Map<String, LogicalUnit> units =
        Map.of(
            WRITABLE, unit(1, new Geometry(DISK_BYTES, 512, 4096, false), Duration.ZERO),
            READ_ONLY, unit(2, new Geometry(DISK_BYTES, 512, 4096, true), Duration.ZERO),
            LARGE_BLOCKS, unit(3, new Geometry(DISK_BYTES, 4096, 4096, false), Duration.ZERO),
            SLOW, unit(4, new Geometry(DISK_BYTES, 512, 4096, false), SLOW_WRITE));

    private static LogicalUnit unit(int number, Geometry geometry, Duration perWrite) {
      return new LogicalUnit(
          0,
          new ThinDisk(geometry, perWrite),
          0x3000_0000_0000_0000L + number,
          "libiscsi-" + number);
    }

    @Override
    public CompletionStage<Authentication> authentication(AuthenticationRequest request) {
      return CompletableFuture.completedStage(Authentication.NOT_NEEDED);
    }

    @Override
    public CompletionStage<Decision> admit(LoginRequest request) {
      LogicalUnit unit = units.get(request.targetName());
      return CompletableFuture.completedFuture(
          unit == null
              ? new Refused(LoginStatus.NOT_FOUND, "no such target")
              : new Granted(new OpenLease(unit)));
    }

    @Override
    public CompletionStage<List<String>> targets(DiscoveryRequest request) {
      return CompletableFuture.completedFuture(new ArrayList<>(units.keySet()));
    }
  }

  private record OpenLease(LogicalUnit unit) implements Admission.Lease {
    @Override
    public List<LogicalUnit> units() {
      return List.of(unit);
    }

    @Override
    public long generation() {
      return 1;
    }

    @Override
    public void opened(TargetSession session) {}

    @Override
    public void ended(String why) {}
  }
}
