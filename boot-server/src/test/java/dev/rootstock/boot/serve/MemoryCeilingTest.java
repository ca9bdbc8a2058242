// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.control.RefusedException;
import org.junit.jupiter.api.Test;

/** A limit that the JVM does not keep to is no limit. */
class MemoryCeilingTest {
  private static final long GIB = 1L << 30;

  @Test
  void whatTheLauncherGivesFits() throws Exception {
    // -Xmx is rounded up to a whole region of the collector, 32 MiB at the most.
    new MemoryCeiling(2 * GIB / 5 * 2 + (32 << 20), 2 * GIB / 5 * 2).check(2 * GIB);
  }

  @Test
  void aJvmThatMayTakeMoreIsRefusedWithBothFigures() {
    RefusedException refused =
        assertThrows(RefusedException.class, () -> new MemoryCeiling(GIB, 3 * GIB).check(2 * GIB));
    String said = String.valueOf(refused.getMessage());
    assertTrue(said.contains("'memory-limit' is 2048 MiB"), said);
    assertTrue(said.contains("1024 MiB for objects and 3072 MiB for buffers"), said);
  }

  @Test
  void withoutALimitTheJvmsOwnHold() throws Exception {
    new MemoryCeiling(Long.MAX_VALUE / 4, Long.MAX_VALUE / 4).check(Configuration.NO_LIMIT);
  }
}
