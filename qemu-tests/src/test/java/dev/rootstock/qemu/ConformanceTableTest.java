// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The tables of docs/conformance.md and the tests that they name: neither may drift from the other.
 */
class ConformanceTableTest {
  private static final Path HOME = home();
  private static final String RFC_7143 = "## RFC 7143";

  /** The sections of RFC 7143 that have a row; what they hold below is part of them. */
  private static final Set<String> SECTIONS =
      Set.of(
          """
          4.1 4.2.1 4.2.2 4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.3.1 4.2.2.3.2 4.2.2.3.3 4.2.2.3.4 4.2.2.4
          4.2.3 4.2.3.1 4.2.3.2 4.2.3.3 4.2.3.4 4.2.3.5 4.2.3.6 4.2.4
          4.2.5 4.2.5.1 4.2.5.2 4.2.5.3 4.2.5.4 4.2.6 4.2.7 4.2.8 4.2.9
          4.3 4.4.1 4.4.2 4.4.3 4.5 4.6 5
          6.1 6.2 6.2.1 6.2.2 6.3 6.3.1 6.3.2 6.3.3 6.3.4 6.3.5 6.3.5.1 6.3.6 6.4
          7.1.1 7.1.2 7.1.3 7.1.4 7.1.4.1 7.1.4.2 7.1.4.3 7.1.4.4 7.1.5 7.2.1 7.2.2 7.3
          7.4.1 7.4.2.1 7.4.2.2 7.4.3 7.5 7.6 7.7 7.8 7.9 7.10 7.11 7.12 7.13 7.14 7.15
          8.1 8.2 8.3 9.1 9.2 9.2.1 9.2.2 9.2.3 9.3 9.4 9.5
          10.1 10.2 10.3 10.4 10.5 10.6 10.7
          11 11.1 11.2.1 11.2.2 11.2.2.4 11.2.3 11.2.4 11.3 11.3.1
          11.4 11.4.2 11.4.3 11.4.4 11.4.5 11.4.6 11.4.7 11.4.8 11.4.9 11.4.10 11.4.11
          11.5 11.5.1 11.5.6 11.6 11.6.1
          11.7 11.7.1 11.7.2 11.7.3 11.7.4 11.7.5 11.7.6 11.7.7 11.8 11.8.4 11.9 11.10 11.11
          11.12 11.12.8 11.13 11.13.4 11.13.5 11.14 11.14.1 11.14.5 11.15
          11.16 11.16.1 11.16.2 11.16.3 11.16.4 11.17 11.17.1 11.17.2 11.18 11.18.1 11.19
          12.1 12.1.1 12.1.2 12.1.3
          13 13.1 13.2 13.3 13.4 13.5 13.6 13.7 13.8 13.9 13.10 13.11 13.12 13.13 13.14 13.15
          13.16 13.17 13.18 13.19 13.20 13.21 13.22 13.23 13.24 13.25 13.26
          """
              .strip()
              .split("\\s+"));

  private static final Pattern STATE =
      Pattern.compile("done|in part: \\S.*|not done: \\S.*|not ours: \\S.*");
  private static final Pattern TESTS =
      Pattern.compile("`[A-Z]\\w+(\\.\\w+)?`(, `[A-Z]\\w+(\\.\\w+)?`)*");
  private static final Pattern NAMED = Pattern.compile("`(\\w+)(?:\\.(\\w+))?`");

  /** A document that a comment names, or a section of the one that it has named last. */
  private static final Pattern CITED =
      Pattern.compile("(RFC \\d+|(?:SAM|SPC|SBC|MMC)-\\d)|§(\\d+(?:\\.\\d+)*)");

  private record Row(String heading, String section, String what, String state, String tests) {

    boolean claims() {
      return state.equals("done") || state.startsWith("in part");
    }
  }

  @Test
  void everyRowIsWellFormed() throws Exception {
    List<Row> rows = rows();
    assertTrue(rows.size() > SECTIONS.size(), "the tables were found");
    for (Row row : rows) {
      assertTrue(STATE.matcher(row.state).matches(), "state of " + row);
      assertFalse(row.section.isEmpty() || row.what.isEmpty(), "empty cell in " + row);
      if (row.claims() || !row.tests.isEmpty()) {
        assertTrue(TESTS.matcher(row.tests).matches(), "tests of " + row);
      }
    }
  }

  @Test
  void everyTestThatIsNamedExists() throws Exception {
    Map<String, String> sources = testSources();
    for (Row row : rows()) {
      Matcher named = NAMED.matcher(row.tests);
      while (named.find()) {
        String source = sources.getOrDefault(named.group(1), "");
        String method = named.group(2) == null ? "\\w+" : named.group(2);
        assertTrue(hasTest(source, method), "no test " + named.group() + ", in " + row);
      }
    }
  }

  @Test
  void everySectionHasExactlyOneRow() throws Exception {
    List<String> sections =
        rows().stream().filter(r -> r.heading.startsWith(RFC_7143)).map(Row::section).toList();
    assertEquals(new TreeSet<>(SECTIONS), new TreeSet<>(sections));
    assertEquals(SECTIONS.size(), sections.size(), "a section has two rows: " + sections);
  }

  @Test
  void everySectionThatATestCitesHasARow() throws Exception {
    Path tests = HOME.resolve("target/src/test/java");
    int cited = 0;
    try (var files = Files.walk(tests)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        for (String section : cited(file)) {
          cited++;
          assertTrue(hasRow(section), file.getFileName() + " cites §" + section + " of RFC 7143");
        }
      }
    }
    assertTrue(cited > 100, "the citations were found: " + cited);
  }

  /** The section itself or one that it is part of. */
  private static boolean hasRow(String section) {
    for (String s = section; !s.isEmpty(); s = s.substring(0, Math.max(0, s.lastIndexOf('.')))) {
      if (SECTIONS.contains(s)) {
        return true;
      }
    }
    // A chapter as a whole: its sections have rows.
    return SECTIONS.stream().anyMatch(s -> s.startsWith(section + "."));
  }

  /**
   * What a file cites of RFC 7143. Without another document's name on the line a section is of that
   * one, but for the tests of SCSI and of CHAP's arithmetic, which have documents of their own.
   */
  private static List<String> cited(Path file) throws IOException {
    boolean others = file.toString().matches(".*/(scsi|chap)/\\w+\\.java");
    var sections = new ArrayList<String>();
    for (String line : Files.readAllLines(file)) {
      boolean ours = !others;
      Matcher found = CITED.matcher(line);
      while (found.find()) {
        if (found.group(1) != null) {
          ours = found.group(1).equals("RFC 7143");
        } else if (ours) {
          sections.add(found.group(2));
        }
      }
    }
    return sections;
  }

  /** A method without a visibility, as all tests are here, behind an annotation of a test. */
  private static boolean hasTest(String source, String method) {
    return Pattern.compile(
            "@(Test|ParameterizedTest|RepeatedTest|FuzzTest|TestFactory)\\b(?:(?!\\n  }\\n).)*?"
                + "\\n  (?:void|Stream<DynamicTest>) "
                + method
                + "\\(",
            Pattern.DOTALL)
        .matcher(source)
        .find();
  }

  /** The sources of all modules' tests by the names of their classes. */
  private static Map<String, String> testSources() throws Exception {
    var sources = new HashMap<String, String>();
    for (String module : LayoutTest.modules()) {
      Path folder = HOME.resolve(module).resolve("src/test/java");
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          String name = file.getFileName().toString().replace(".java", "");
          sources.merge(name, Files.readString(file), String::concat);
        }
      }
    }
    return sources;
  }

  /** The rows of all tables with the columns that rows have here, under their headings. */
  private static List<Row> rows() throws IOException {
    var rows = new ArrayList<Row>();
    String heading = "";
    boolean inTable = false;
    for (String line : Files.readAllLines(HOME.resolve("docs/conformance.md"))) {
      if (line.startsWith("#")) {
        heading = line;
      }
      if (line.equals("| § | what | state | shown by |")) {
        inTable = true;
      } else if (!line.startsWith("|")) {
        inTable = false;
      } else if (inTable && !line.startsWith("|--")) {
        String[] cells = line.split("\\|", -1);
        assertEquals(6, cells.length, "four cells in " + line);
        List<String> texts = Arrays.stream(cells).map(String::strip).toList();
        rows.add(new Row(heading, texts.get(1), texts.get(2), texts.get(3), texts.get(4)));
      }
    }
    return rows;
  }

  private static Path home() {
    try {
      return Checkout.home();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
