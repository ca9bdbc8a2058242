// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Commands of a stranger, several of them to one disk: each ends once, inside the disk. */
class CdbFuzzTest {
  private static final int DISK_BYTES = 64 << 10;
  private static final List<Command> COMMANDS = CommandTable.all();

  @FuzzTest(maxDuration = "10m")
  void eachCommandEndsOnce(FuzzedDataProvider input) {
    Bench bench = new Bench(new MemoryBlockDevice(DISK_BYTES));
    Nexus other = bench.attach();
    while (input.remainingBytes() > 0) {
      Cdb cdb = cdb(input);
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

  /** Any bits; or mostly those that a command looks at, so that what lies behind is reached. */
  private static Cdb cdb(FuzzedDataProvider input) {
    if (input.consumeInt(0, 7) == 0) {
      return new Cdb(input.consumeLong(), input.consumeLong());
    }
    Command command = input.pickValue(COMMANDS);
    byte[] bytes = command.usage();
    boolean near = input.consumeBoolean();
    for (int i = 1; i < bytes.length; i++) {
      // A disk of 128 blocks: the high bytes of most addresses have to be 0.
      boolean high = near && i > 1 && i < bytes.length - 3;
      int value = high && input.consumeInt(0, 7) != 0 ? 0 : input.consumeByte();
      bytes[i] = (byte) (value & bytes[i]);
    }
    if (command.hasServiceAction()) {
      bytes[1] = (byte) ((bytes[1] & 0xE0) | command.serviceAction());
    }
    return Bench.cdb(Bench.hex(bytes));
  }

  private static void inside(long offset, long length) {
    assertTrue(offset >= 0 && length >= 0 && offset + length <= DISK_BYTES, offset + " " + length);
  }
}
