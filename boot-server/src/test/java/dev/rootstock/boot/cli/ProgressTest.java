// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.serve.Server;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How far a command has come: a bar for who looks at a terminal, lines for a log. */
class ProgressTest {
  private static final String LAST =
      "\rverifying debian [##############################] 100% of 48M\n";

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void makeAnImage() throws Exception {
    commands = new CommandLineHarness(folder);
    commands.done("image", "create", "debian", "--size", "48M");
  }

  private static void aBarIsDrawn(String err) {
    assertTrue(err.endsWith(LAST), err);
    List<String> states = List.of(err.strip().split("\r"));
    assertTrue(states.size() >= 2, err);
    for (String state : states) {
      assertTrue(state.matches("verifying debian \\[#* *] +\\d+% of 48M"), state);
    }
    assertEquals(err.length() - 1, err.indexOf('\n'), "one line, drawn again and again");
  }

  @Test
  void verifyDrawsABarOnATerminal() {
    CommandLineHarness.Result result = commands.onTerminal("image", "verify", "debian");
    assertEquals(0, result.status());
    assertTrue(result.out().startsWith("debian@1 is intact"), result.out());
    aBarIsDrawn(result.err());
  }

  @Test
  void verifyDrawsItThroughARunningServerToo() throws Exception {
    try (Server server = commands.serve()) {
      assertFalse(server.ready().isEmpty());
      aBarIsDrawn(commands.onTerminal("image", "verify", "debian").err());
    }
  }

  @Test
  void verifyPrintsLinesElsewhere() {
    CommandLineHarness.Result result = commands.run("image", "verify", "debian");
    assertEquals(0, result.status());
    List<String> lines = result.err().lines().toList();
    assertTrue(lines.size() >= 2 && lines.size() <= 11, result.err());
    for (String line : lines) {
      assertTrue(line.matches("verifying debian: \\d+% of 48M"), line);
    }
    assertEquals("verifying debian: 100% of 48M", lines.getLast());
  }
}
