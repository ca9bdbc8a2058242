// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SYNCHRONIZE CACHE, SBC-3 §5.26 and §5.27; START STOP UNIT, §5.25. */
class FlushesTest {
  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
  private final Bench bench = new Bench(device);
  private final AtomicReference<Plan.@Nullable Outcome> end = new AtomicReference<>();

  @BeforeEach
  void holdCompletions() {
    device.holds = true;
  }

  private void start(String cdb) {
    Bench.start(bench.plan(cdb), new byte[0], end::set);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "35 00 00000000 00 0000 00",
        "35 00 00000010 00 0008 00",
        "91 00 0000000000000000 00000000 00 00",
        "1B 00 0000 00 00"
      })
  void theStatusWaitsForTheFlush(String cdb) {
    start(cdb);
    assertEquals(List.of("flush 0 0"), device.log);
    assertNull(end.get());
    device.held.remove().run();
    assertEquals(Plan.Respond.GOOD, end.get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "35 02 00000000 00 0000 00",
        "91 02 0000000000000000 00000000 00 00",
        "1B 01 0000 00 00"
      })
  void withImmedTheStatusDoesNotWait(String cdb) {
    start(cdb);
    assertEquals(List.of("flush 0 0"), device.log);
    assertEquals(Plan.Respond.GOOD, end.get());
  }

  @ParameterizedTest
  @CsvSource({"1B 00 0000 01 00", "1B 00 0000 04 00", "1B 00 0000 05 00"})
  void startingAndStoppingWithoutFlushTouchNothing(String cdb) {
    start(cdb);
    assertEquals(List.of(), device.log);
    assertEquals(Plan.Respond.GOOD, end.get());
  }

  @Test
  void aFlushThatFailsIsTold() {
    device.failure = BlockIoException.Kind.WRITE_FAILED;
    device.holds = false;
    assertEquals("03/0c/00", bench.sense("35 00 00000000 00 0000 00").toString());
  }
}
