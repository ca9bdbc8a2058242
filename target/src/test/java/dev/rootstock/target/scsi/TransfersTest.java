// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.MemoryBlockDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** READ and WRITE of SBC-3. */
class TransfersTest {
  private final Bench bench = Bench.writable();

  @ParameterizedTest
  @CsvSource({
    "08 000102 03 00, 258, 3",
    "08 000000 00 00, 0, 256", // in the 6-byte commands, 0 means 256
    "28 00 00000102 00 0003 00, 258, 3",
    "28 00 00000102 00 0000 00, 258, 0", // in all others it means none
    "28 10 00000102 00 0003 00, 258, 3", // DPO
    "A8 00 00000102 00000003 00 00, 258, 3",
    "88 00 0000000000000102 00000003 00 00, 258, 3",
    "28 00 000007FF 00 0001 00, 2047, 1",
  })
  void aReadIsPlannedInBytes(String cdb, long lba, int blocks) {
    assertEquals(
        new Plan.ReadBlocks(bench.device, lba * 512, blocks * 512, false), bench.plan(cdb));
  }

  @ParameterizedTest
  @CsvSource({
    "0A 000102 03 00, 258, 3",
    "0A 000000 00 00, 0, 256",
    "2A 00 00000102 00 0003 00, 258, 3",
    "2A 00 00000102 00 0000 00, 258, 0",
    "AA 00 00000102 00000003 00 00, 258, 3",
    "8A 00 0000000000000102 00000003 00 00, 258, 3",
  })
  void aWriteIsPlannedInBytes(String cdb, long lba, int blocks) {
    assertEquals(
        new Plan.WriteBlocks(bench.device, lba * 512, blocks * 512, Durability.CACHED),
        bench.plan(cdb, blocks * 512L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2A 08 00000000 00 0001 00",
        "AA 08 00000000 00000001 00 00",
        "8A 18 0000000000000000 00000001 00 00"
      })
  void aForcedWriteIsDurable(String cdb) {
    assertEquals(
        new Plan.WriteBlocks(bench.device, 0, 512, Durability.FORCED), bench.plan(cdb, 512));
  }

  @Test
  void aForcedReadFlushesFirst() {
    assertEquals(
        new Plan.ReadBlocks(bench.device, 0, 512, true), bench.plan("28 08 00000000 00 0001 00"));
    Bench readOnly = Bench.readOnly();
    assertEquals(
        new Plan.ReadBlocks(readOnly.device, 0, 512, false),
        readOnly.plan("28 08 00000000 00 0001 00"));
  }

  @Test
  void whatIsWrittenIsRead() {
    bench.good("2A 00 00000010 00 0002 00", Bench.blocks(7, 8));
    assertArrayEquals(new int[] {0, 7, 8, 0}, bench.fillings(15, 4));
    assertEquals(
        Bench.hex(Bench.blocks(7, 8)), bench.data("88 00 0000000000000010 00000002 00 00"));
  }

  @Test
  void aTransferPastTheMaximumIsRefusedAtItsLengthField() {
    long size = Limits.MAX_TRANSFER_BYTES * 2L;
    Bench large = new Bench(new MemoryBlockDevice(size));
    assertEquals(
        new Plan.ReadBlocks(large.device, 0, Limits.MAX_TRANSFER_BYTES, false),
        large.plan("88 00 0000000000000000 00010000 00 00"));
    assertEquals(
        Sense.invalidCdbField(10, 7), large.sense("88 00 0000000000000000 00010001 00 00"));
    assertEquals(Sense.invalidCdbField(6, 7), large.sense("AA 00 00000000 00010001 00 00"));
  }

  @Test
  void aRangeThatWouldOverflowIsOutOfRange() {
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense("88 00 7FFFFFFFFFFFFFFF FFFFFFFF 00 00"));
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense("8A 00 FFFFFFFFFFFFFFFF 00000001 00 00"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0A 000000 01 00",
        "2A 00 00000000 00 0001 00",
        "2A 00 00000000 00 0000 00",
        "AA 00 00000000 00000001 00 00",
        "8A 00 0000000000000000 00000001 00 00",
        "41 00 00000000 00 0001 00",
        "93 08 0000000000000000 00000001 00 00",
        "42 00 00000000 00 0018 00"
      })
  void nothingCanBeWrittenToAReadOnlyDisk(String cdb) {
    assertEquals("07/27/00", Bench.readOnly().sense(cdb).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00",
        "28 00 00000000 00 0001 00",
        "35 00 00000000 00 0000 00",
        "2F 00 00000000 00 0001 00",
        "1B 00 0000 00 00"
      })
  void aReadOnlyDiskDoesAllElse(String cdb) {
    Bench.readOnly().good(cdb, new byte[0]);
  }

  @Test
  void aFailureOfTheDeviceEndsTheCommandWithItsSense() {
    ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
    Bench failing = new Bench(device);
    device.failure = BlockIoException.Kind.NO_SPACE;
    assertEquals(
        "07/27/07", failing.sense("2A 00 00000000 00 0001 00", Bench.blocks(1)).toString());
    device.failure = BlockIoException.Kind.READ_FAILED;
    assertEquals("03/11/00", failing.sense("28 00 00000000 00 0001 00").toString());
  }
}
