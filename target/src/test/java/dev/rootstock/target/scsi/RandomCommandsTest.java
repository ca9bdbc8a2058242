// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Commands of random bits with random data from several initiators: each ends exactly once, with no
 * exception, and none reaches past the end of its disk, which {@link MemoryBlockDevice} would
 * answer with one.
 */
class RandomCommandsTest {
  private static final int ROUNDS = 200_000;
  private static final long SEED = 20261120;
  private static final int DISK_BYTES = 64 << 10;

  private final Random random = new Random(SEED);
  private final Bench bench = new Bench(new MemoryBlockDevice(DISK_BYTES));
  private final Nexus[] nexuses = {bench.nexus, bench.attach(2), bench.attach(3)};

  @Test
  void eachEndsOnceAndInsideItsDisk() {
    List<Command> commands = CommandTable.all();
    Map<Kind, Integer> seen = new EnumMap<>(Kind.class);
    for (int round = 0; round < ROUNDS; round++) {
      Command command = commands.get(random.nextInt(commands.size()));
      Cdb cdb = mask(command, new Cdb(random.nextLong(), random.nextLong()));
      byte[] out = new byte[random.nextInt(4) * 256];
      random.nextBytes(out);
      Nexus from = nexuses[random.nextInt(nexuses.length)];
      Plan plan = from.plan(0, cdb, out.length);
      checkRange(plan);
      AtomicInteger ends = new AtomicInteger();
      Bench.start(plan, out, outcome -> ends.incrementAndGet());
      assertEquals(1, ends.get(), () -> command + " " + cdb);
      seen.merge(Kind.of(plan), 1, Integer::sum);
    }
    for (Kind kind : Kind.values()) {
      assertTrue(seen.getOrDefault(kind, 0) > 100, () -> kind + " in " + seen);
    }
  }

  /** Mostly clears what has to be zero, and mostly brings the range near the disk's own. */
  private Cdb mask(Command command, Cdb cdb) {
    byte[] bytes = command.usage();
    boolean wild = random.nextInt(20) == 0;
    boolean small = random.nextInt(4) != 0;
    for (int i = 1; i < bytes.length; i++) {
      int value = cdb.u8(i) & (wild ? 0xFF : bytes[i]);
      if (small && i > 1 && i < bytes.length - 3) {
        value = random.nextInt(8) == 0 ? value & 0x7F : 0;
      }
      bytes[i] = (byte) value;
    }
    if (command.hasServiceAction()) {
      bytes[1] = (byte) command.serviceAction();
    }
    return Bench.cdb(Bench.hex(bytes));
  }

  private static void checkRange(Plan plan) {
    switch (plan) {
      case Plan.ReadBlocks read -> checkRange(read.offset(), read.length());
      case Plan.WriteBlocks write -> checkRange(write.offset(), write.length());
      default -> {}
    }
  }

  private static void checkRange(long offset, long length) {
    assertTrue(offset >= 0 && length >= 0 && offset + length <= DISK_BYTES, offset + " " + length);
    assertTrue(offset % 512 == 0 && length % 512 == 0, offset + " " + length);
  }

  private enum Kind {
    READ,
    WRITE,
    RECEIVE,
    LATER,
    RESPOND,
    FAIL;

    static Kind of(Plan plan) {
      return switch (plan) {
        case Plan.ReadBlocks read -> READ;
        case Plan.WriteBlocks write -> WRITE;
        case Plan.Receive receive -> RECEIVE;
        case Plan.Later later -> LATER;
        case Plan.Respond respond -> RESPOND;
        case Plan.Fail fail -> FAIL;
      };
    }
  }
}
