// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineLogTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path folder;

  @Test
  void eachWaitBeginsAfterTheLineOfTheOneBefore() throws Exception {
    LineLog log = log("value 1\nother\nvalue 2\n");
    assertEquals("1", log.await("^value (.)", SOON).group(1));
    assertEquals("2", log.await("^value (.)", SOON).group(1));
  }

  @Test
  void aProgramThatEndsFailsTheWaitAtOnceAndShowsItsLastLines() throws Exception {
    LineLog log = log("the last words\n");
    var failure = assertThrows(IOException.class, () -> log.await("never", Duration.ofDays(1)));
    assertTrue(message(failure).contains("ended") && message(failure).contains("the last words"));
  }

  @Test
  void aMachineThatSaysItFailedEndsTheWait() throws Exception {
    LineLog log = log("ROOTSTOCK failed: no disk\nROOTSTOCK ready\n");
    var failure = assertThrows(IOException.class, () -> log.await("ready", SOON));
    assertTrue(message(failure).contains("no disk"));
  }

  @Test
  void silenceEndsTheWaitAtItsDeadline() throws Exception {
    try (var silent = new PipedOutputStream();
        var in = new PipedInputStream(silent)) {
      var log = new LineLog("test", folder.resolve("log"), line -> {});
      log.follow(in);
      var failure = assertThrows(IOException.class, () -> log.await("x", Duration.ofMillis(50)));
      assertTrue(message(failure).contains("ran for"));
    }
  }

  @Test
  void theLateEndOfAnEarlierStreamDoesNotEndTheNext() throws Exception {
    var log = new LineLog("test", folder.resolve("log"), line -> {});
    var first = new PipedOutputStream();
    log.follow(new PipedInputStream(first));
    try (var second = new PipedOutputStream();
        var secondIn = new PipedInputStream(second)) {
      log.follow(secondIn);
      first.close();
      var failure = assertThrows(IOException.class, () -> log.await("x", Duration.ofMillis(200)));
      assertTrue(message(failure).contains("ran for"));
    }
  }

  @Test
  void controlSequencesAreDroppedAndTheFileKeepsEveryStart() throws Exception {
    LineLog log = log("\u001b[2J\u001b[01;32mclear\u001b[0m\r\n");
    log.await("^clear$", SOON);
    follow(log, "again\n");
    log.await("^again$", SOON);
    assertEquals(List.of("clear", "again"), Files.readAllLines(log.file()));
  }

  private LineLog log(String text) throws IOException {
    var log = new LineLog("test", folder.resolve("log"), line -> {});
    follow(log, text);
    return log;
  }

  private static void follow(LineLog log, String text) throws IOException {
    log.follow(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String message(IOException failure) {
    return String.valueOf(failure.getMessage());
  }
}
