// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.BlockIoException.Kind;
import dev.rootstock.images.testing.CrashFiles;
import dev.rootstock.images.testing.TestFiles;
import dev.rootstock.images.testing.TestFiles.Fault;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A full disk is told of in the log, once and not for each write. */
class NoRoomTest {
  private static final int SIZE = 1 << 20;

  private final Logger logger = (Logger) LoggerFactory.getLogger(NoRoom.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir Path folder;

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setAdditive(false);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(log);
    logger.setAdditive(true);
  }

  private List<String> said() {
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private static BlockIoException failure(Kind kind) {
    return new BlockIoException(kind, "web.qcow2 is full");
  }

  @Test
  void itIsSaidAtOnceAndAgainAfterAWhile() {
    AtomicLong now = new AtomicLong(-5);
    NoRoom noRoom = new NoRoom(now::get);
    noRoom.tell(failure(Kind.WRITE_FAILED));
    assertEquals(List.of(), said());
    noRoom.tell(failure(Kind.NO_SPACE));
    noRoom.tell(failure(Kind.NO_SPACE));
    now.addAndGet(TimeUnit.SECONDS.toNanos(Limits.NO_ROOM_LOGGED_SECONDS) - 1);
    noRoom.tell(failure(Kind.NO_SPACE));
    assertEquals(1, said().size());
    assertTrue(said().getFirst().endsWith("stays: web.qcow2 is full"), said().getFirst());
    now.incrementAndGet();
    noRoom.tell(failure(Kind.NO_SPACE));
    assertEquals(2, said().size());
  }

  @Test
  void anOverlayWhoseWritesFailSaysSoOnce() throws Exception {
    CrashFiles memory = new CrashFiles();
    TestFiles files = new TestFiles(memory);
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE, 2, memory, files)) {
      fixture.disk();
      for (int i = 0; i < 2; i++) {
        files.failWriteAfter(0, Fault.NO_SPACE);
        byte[] data = OverlayFixture.bytes(3, 4096);
        assertThrows(BlockIoException.class, () -> fixture.disk().write(0, data));
      }
      files.failWriteAfter(-1, Fault.NO_SPACE);
      assertEquals(1, said().size(), said().toString());
      assertTrue(said().getFirst().contains("no room for the write: "), said().getFirst());
    }
  }
}
