// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LogicalUnit;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One session with one disk, which carries plans out as a real session does. */
final class Bench {
  static final String TARGET = "iqn.2026-11.dev.rootstock:0badcafe:alder";
  static final long NAA = 0x3123_4567_89AB_CDEFL;
  static final int PORT = 1;
  static final String SERIAL = "0123456789abcdef";
  static final long BLOCKS = 2048;

  final BlockDevice device;
  final ScsiTarget target = new ScsiTarget(TARGET, List.of(PORT));
  final Nexus nexus;

  Bench(BlockDevice device) {
    this.device = device;
    nexus = attach();
    nexus.plan(0, cdb("00"), 0); // takes the unit attention of the power-on
  }

  static Bench writable() {
    return new Bench(new MemoryBlockDevice(new Geometry(BLOCKS * 512, 512, 4096, false)));
  }

  static Bench readOnly() {
    return new Bench(new MemoryBlockDevice(new Geometry(BLOCKS * 512, 512, 4096, true)));
  }

  static LogicalUnit unit(int lun, BlockDevice device) {
    return new LogicalUnit(lun, device, NAA, SERIAL);
  }

  /** Who a session of the tests comes from; each number is another port. */
  static InitiatorPort initiator(int number) {
    return new InitiatorPort("iqn.2026-11.example:init" + number, new Isid(number));
  }

  Nexus attach() {
    return attach(1);
  }

  Nexus attach(int initiator) {
    return attach(target, initiator, unit(0, device));
  }

  static Nexus attach(ScsiTarget target, int initiator, LogicalUnit... units) {
    return target.attach(initiator(initiator), PORT, List.of(units), (lun, atRest) -> atRest.run());
  }

  /** A command from hexadecimal digits, filled up with zeros; blanks do not count. */
  static Cdb cdb(String hex) {
    byte[] bytes = bytes(hex);
    ByteBuffer field = ByteBuffer.allocate(Cdb.BYTES).put(bytes).rewind();
    return new Cdb(field.getLong(), field.getLong());
  }

  static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  Plan plan(String cdb) {
    return plan(cdb, 0);
  }

  Plan plan(String cdb, long dataOut) {
    return nexus.plan(0, cdb(cdb), dataOut);
  }

  /** Runs a command that succeeds, and gives what it answers in hexadecimal. */
  String data(String cdb) {
    return dataOf(run(cdb, new byte[0]));
  }

  /** Runs a command that fails with CHECK CONDITION, and gives the sense. */
  Sense sense(String cdb) {
    return senseOf(run(cdb, new byte[0]));
  }

  Sense sense(String cdb, byte[] out) {
    return senseOf(run(cdb, out));
  }

  /** Runs a command that succeeds. */
  void good(String cdb, byte[] out) {
    assertInstanceOf(Plan.Respond.class, run(cdb, out), cdb);
  }

  static String dataOf(Plan plan) {
    ByteBuffer data = assertInstanceOf(Plan.Respond.class, plan, plan::toString).data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return hex(bytes);
  }

  static Sense senseOf(Plan plan) {
    Plan.Fail fail = assertInstanceOf(Plan.Fail.class, plan);
    assertEquals(ScsiStatus.CHECK_CONDITION, fail.status());
    Sense sense = fail.sense();
    assertNotNull(sense);
    return sense;
  }

  /** Carries out whatever plan a command gets. The device must complete on the caller's thread. */
  Plan.Outcome run(String cdb, byte[] out) {
    AtomicReference<Plan.@Nullable Outcome> end = new AtomicReference<>();
    start(plan(cdb, out.length), out, end::set);
    Plan.Outcome outcome = end.get();
    assertNotNull(outcome, "the command has not ended");
    return outcome;
  }

  /** Begins what a plan asks for, as a session would. */
  static void start(Plan plan, byte[] out, Plan.Completion done) {
    switch (plan) {
      case Plan.Outcome outcome -> done.ended(outcome);
      case Plan.Later(Plan.Action action, int _) -> action.start(done);
      case Plan.Receive(int length, Plan.Continuation then, int _) ->
          then.received(cut(out, length), done);
      case Plan.WriteBlocks write ->
          write
              .device()
              .write(
                  write.offset(),
                  new ByteBuffer[] {cut(out, Math.min(out.length / 512 * 512, write.length()))},
                  write.durability(),
                  ended(done, Plan.Respond.GOOD));
      case Plan.ReadBlocks read -> {
        byte[] data = new byte[read.length()];
        IoCompletion ended = ended(done, Plan.Respond.truncated(data, data.length));
        read.device().read(read.offset(), ByteBuffer.wrap(data), ended);
      }
    }
  }

  private static IoCompletion ended(Plan.Completion done, Plan.Outcome good) {
    return failure -> done.ended(failure == null ? good : Plan.Fail.of(failure));
  }

  private static ByteBuffer cut(byte[] out, int length) {
    return ByteBuffer.wrap(out, 0, Math.min(out.length, length));
  }

  /** Some blocks filled with one byte each. */
  static byte[] blocks(int... fillings) {
    byte[] blocks = new byte[512 * fillings.length];
    for (int i = 0; i < fillings.length; i++) {
      Arrays.fill(blocks, 512 * i, 512 * (i + 1), (byte) fillings[i]);
    }
    return blocks;
  }

  /** The first byte of each of some blocks of the device. */
  int[] fillings(long lba, int count) {
    ByteBuffer data = ByteBuffer.allocate(512 * count);
    device.read(512 * lba, data, failure -> assertEquals(null, failure));
    int[] fillings = new int[count];
    for (int i = 0; i < count; i++) {
      fillings[i] = data.get(512 * i) & 0xFF;
      assertEquals(data.get(512 * i), data.get(512 * i + 511), "block " + (lba + i) + " is torn");
    }
    return fillings;
  }
}
