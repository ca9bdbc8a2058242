// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** RFC 2608 §12.1: no start says the same as one before it, or less. */
class DirectoryBootsTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000, 500);

  @TempDir private Path data;

  @Test
  void everyStartIsLaterThanTheOneBeforeWhateverTheClockSays() throws Exception {
    List<Instant> clocks = List.of(NOW, NOW, NOW.minusSeconds(1_000_000), NOW.plusSeconds(60));
    long[] said = new long[clocks.size()];
    for (int i = 0; i < said.length; i++) {
      said[i] = DirectoryBoots.next(data, clocks.get(i)).getEpochSecond() - NOW.getEpochSecond();
    }
    assertEquals(List.of(0L, 1L, 2L, 60L), Arrays.stream(said).boxed().toList());
  }

  /** A disk that takes nothing, as one that is full. */
  @Test
  void aDiskThatTakesNothingIsToldOfAndStopsNobody() throws Exception {
    DirectoryBoots.next(data, NOW);
    Files.createDirectory(data.resolve("slp-directory-boot.new"));
    Logger logger = (Logger) LoggerFactory.getLogger(DirectoryBoots.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    try {
      assertEquals(
          NOW.getEpochSecond() + 1,
          DirectoryBoots.next(data, NOW.minusSeconds(60)).getEpochSecond());
    } finally {
      logger.detachAppender(logged);
    }
    assertEquals(1, logged.list.size());
    String said = logged.list.getFirst().getFormattedMessage();
    assertTrue(said.contains(data.resolve("slp-directory-boot").toString()), said);
    assertTrue(said.contains("see that the disk has room"), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "noon", "-7", "99999999999999999999", "4294967295"})
  void whatNobodyCanReadIsBegunAnew(String text) throws Exception {
    DirectoryBoots.next(data, NOW);
    try (var files = Files.list(data)) {
      Files.writeString(files.findFirst().orElseThrow(), text);
    }
    assertEquals(NOW.getEpochSecond(), DirectoryBoots.next(data, NOW).getEpochSecond());
  }
}
