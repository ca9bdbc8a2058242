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
  private static final Pattern CLAUSE = Pattern.compile("§\\d+(\\.\\d+)*|Appendix [A-F]");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ChapTest",
        "ConnectionChaosTest",
        "ConnectionRecoveryTest",
        "ConnectionsTest",
        "DigestsTest",
        "KeptDataTest",
        "LoginTest",
        "RandomLossTest",
        "ReadRecoveryTest",
        "TaskReassignTest",
        "WriteRecoveryTest",
        "command/ReassignmentTest",
        "command/SequenceTimeoutTest",
        "login/ChapLoginTest",
        "login/LoginPhaseTest",
      })
  void everyTestCitesItsClause(String name) throws Exception {
    List<String> lines = Files.readAllLines(SOURCES.resolve(name + ".java"));
    assertTrue(tests(lines).size() > 0, "tests were found");
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
  }

  private static List<String> tests(List<String> lines) {
    return methods(lines).filter(at -> isTest(lines, at)).map(at -> name(lines, at)).toList();
  }

  /** The tests that cite nothing, neither above their name nor in their body. */
  private static List<String> silent(List<String> lines) {
    return methods(lines)
        .filter(at -> isTest(lines, at))
        .filter(
            at ->
                !CLAUSE
                    .matcher(String.join("\n", lines.subList(head(lines, at), end(lines, at))))
                    .find())
        .map(at -> name(lines, at))
        .toList();
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
