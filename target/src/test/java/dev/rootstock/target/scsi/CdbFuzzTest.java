// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.concurrent.atomic.AtomicInteger;

/** Commands of a stranger, several of them to one disk: each ends once, inside the disk. */
class CdbFuzzTest {
  private static final int DISK_BYTES = 64 << 10;

  @FuzzTest(maxDuration = "10m")
  void eachCommandEndsOnce(FuzzedDataProvider input) {
    Bench bench = new Bench(new MemoryBlockDevice(DISK_BYTES));
    Nexus other = bench.attach();
    while (input.remainingBytes() > 0) {
      Cdb cdb = new Cdb(input.consumeLong(), input.consumeLong());
      byte[] out = input.consumeBytes(input.consumeInt(0, 1024));
      Nexus from = input.consumeBoolean() ? bench.nexus : other;
      Plan plan = from.plan(input.consumeInt(0, 1) == 0 ? 0 : input.consumeLong(), cdb, out.length);
      if (plan instanceof Plan.WriteBlocks write) {
        inside(write.offset(), write.length());
      } else if (plan instanceof Plan.ReadBlocks read) {
        inside(read.offset(), read.length());
      }
      AtomicInteger ends = new AtomicInteger();
      Bench.start(plan, out, _ -> ends.incrementAndGet());
      assertEquals(1, ends.get(), cdb::toString);
    }
  }

  private static void inside(long offset, long length) {
    assertTrue(offset >= 0 && length >= 0 && offset + length <= DISK_BYTES, offset + " " + length);
  }
}
