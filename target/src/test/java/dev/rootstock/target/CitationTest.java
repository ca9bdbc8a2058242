// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each test of several connections, SNACK, digests, recovery and refused logins cites its own
 * clause of RFC 7143, whatever its class cites. That each clause has its row in docs/conformance.md
 * is {@code ConformanceTableTest}'s to see.
 */
class CitationTest {
  private static final Path SOURCES = Path.of("src", "test", "java", "dev", "rootstock", "target");

  /** A method, as the formatter lays it out. */
  private static final Pattern METHOD = Pattern.compile(" {2}void (\\w+)\\(.*");

  private static final Pattern MARK = Pattern.compile(" {2}@(Test|ParameterizedTest)\\b.*");

  /** What marks a test in whatever form, wherever it stands. */
  private static final Pattern ANY_MARK =
      Pattern.compile("\\s*@(Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate)\\b.*");

  private static final Pattern CLAUSE = Pattern.compile("§\\d+(\\.\\d+)*|Appendix [A-F]");

  /** Clauses of other documents. */
  private static final Pattern FOREIGN =
      Pattern.compile("((SAM|SPC|SBC)-\\d|RFC (?!7143)\\d+) §\\d+(\\.\\d+)*(, §\\d+(\\.\\d+)*)*");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AbortAfterLogoutTest",
        "ChapTest",
        "ConnectionChaosTest",
        "ConnectionRecoveryTest",
        "ConnectionsTest",
        "DigestsTest",
        "KeptDataTest",
        "LoginTest",
        "RandomLossTest",
        "ReadRecoveryTest",
        "ResponseFenceTest",
        "TaskReassignTest",
        "WriteRecoveryTest",
        "command/ReassignmentTest",
        "command/SequenceTimeoutTest",
        "login/ChapLoginTest",
        "login/LoginPhaseTest",
      })
  void everyTestCitesItsClause(String name) throws Exception {
    List<String> lines = Files.readAllLines(SOURCES.resolve(name + ".java"));
    assertTrue(marks(lines) > 0, "there are tests");
    assertEquals(marks(lines), tests(lines).size(), "tests that were found");
    assertEquals(List.of(), silent(lines));
  }

  @Test
  void neitherTheClassNorANeighbourCitesForATest() {
    List<String> lines =
        """
        /** RFC 7143 §4.2. */
        class SomeTest {
          @Test
          void first() {
            assertEquals(1, 2);
          }

          /** §6.3. */
          @Test
          void second() {}

          @ParameterizedTest
          @CsvSource({"1"})
          void third(int number) {
            // §7.8.
            assertEquals(1, number);
          }

          // §7.9.
          private static void helper() {}
        }
        """
            .lines()
            .toList();
    assertEquals(List.of("first", "second", "third"), tests(lines));
    assertEquals(List.of("first"), silent(lines));
    assertEquals(3, marks(lines));
  }

  @Test
  void aClauseOfAnotherDocumentIsNone() {
    List<String> lines =
        """
        class SomeTest {
          /** SAM-5 §5.3.5, §5.6; RFC 1994 §4.1. */
          @Test
          void first() {}

          /** SPC-4 §6.15; RFC 7143 §4.2.3. */
          @Test
          void second() {}
        }
        """
            .lines()
            .toList();
    assertEquals(List.of("first"), silent(lines));
  }

  /** So that none is passed over. */
  @Test
  void testsOfOtherFormsAreCounted() {
    List<String> lines =
        """
        class SomeTest {
          @RepeatedTest(2)
          void first() {}

          @Nested
          class Inner {
            @Test
            void second() {}
          }
        }
        """
            .lines()
            .toList();
    assertEquals(List.of(), tests(lines));
    assertEquals(2, marks(lines));
  }

  private static long marks(List<String> lines) {
    return lines.stream().filter(ANY_MARK.asMatchPredicate()).count();
  }

  private static List<String> tests(List<String> lines) {
    return methods(lines).filter(at -> isTest(lines, at)).map(at -> name(lines, at)).toList();
  }

  /** The tests that cite nothing, neither above their name nor in their body. */
  private static List<String> silent(List<String> lines) {
    return methods(lines)
        .filter(at -> isTest(lines, at))
        .filter(at -> !cites(String.join("\n", lines.subList(head(lines, at), end(lines, at)))))
        .map(at -> name(lines, at))
        .toList();
  }

  private static boolean cites(String method) {
    return CLAUSE.matcher(FOREIGN.matcher(method).replaceAll("")).find();
  }

  private static Stream<Integer> methods(List<String> lines) {
    return IntStream.range(0, lines.size())
        .filter(at -> METHOD.matcher(lines.get(at)).matches())
        .boxed();
  }

  private static String name(List<String> lines, int at) {
    Matcher method = METHOD.matcher(lines.get(at));
    assertTrue(method.matches());
    return method.group(1);
  }

  private static boolean isTest(List<String> lines, int at) {
    return lines.subList(head(lines, at), at).stream().anyMatch(MARK.asMatchPredicate());
  }

  /** Where the comment and the annotations of a method begin. */
  private static int head(List<String> lines, int at) {
    int head = at;
    while (head > 0 && !lines.get(head - 1).isBlank() && lines.get(head - 1).startsWith("  ")) {
      head--;
    }
    return head;
  }

  /** Behind the last line of a method. */
  private static int end(List<String> lines, int at) {
    int end = at;
    while (!lines.get(end).equals("  }") && !lines.get(end).endsWith("{}")) {
      end++;
    }
    return end + 1;
  }
}
