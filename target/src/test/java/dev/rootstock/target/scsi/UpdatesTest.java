// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** COMPARE AND WRITE and ORWRITE (SBC-3). */
class UpdatesTest {
  private final Bench bench = Bench.writable();

  private void fill(long lba, int... fillings) {
    byte[] blocks = Bench.blocks(fillings);
    bench.good("8A 00 %016X %08X 00 00".formatted(lba, fillings.length), blocks);
  }

  @Test
  void whatIsAsExpectedIsReplaced() {
    fill(5, 1, 2);
    bench.good("89 00 0000000000000005 000000 02 00 00", Bench.blocks(1, 2, 3, 4));
    assertArrayEquals(new int[] {0, 3, 4, 0}, bench.fillings(4, 4));
  }

  /** SBC-3: MISCOMPARE DURING VERIFY OPERATION, with the offset of the first byte that differs. */
  @Test
  void aMiscompareWritesNothingAndTellsWhere() {
    fill(5, 1, 2);
    byte[] data = Bench.blocks(1, 2, 3, 4);
    data[700] = 9;
    Sense sense = bench.sense("89 00 0000000000000005 000000 02 00 00", data);
    assertEquals(Sense.MISCOMPARE_DURING_VERIFY.withInformation(700), sense);
    assertArrayEquals(new int[] {1, 2}, bench.fillings(5, 2));
  }

  @Test
  void theDataHaveToFitTheCount() {
    assertEquals(
        Sense.WRONG_DATA_LENGTH,
        bench.sense("89 00 0000000000000005 000000 02 00 00", Bench.blocks(1, 2)));
    assertEquals(
        Sense.invalidCdbField(13, 7),
        bench.sense("89 00 0000000000000005 000000 00 00 00", Bench.blocks(1, 2)));
    bench.good("89 00 0000000000000005 000000 00 00 00", new byte[0]);
  }

  @Test
  void bothStayInsideTheDisk() {
    assertEquals(
        Sense.LBA_OUT_OF_RANGE,
        bench.sense("89 00 00000000000007FF 000000 02 00 00", new byte[2048]));
    assertEquals(
        Sense.LBA_OUT_OF_RANGE,
        bench.sense("8B 00 00000000000007FF 00000002 00 00", new byte[1024]));
  }

  @Test
  void bothRespectWriteProtection() {
    Bench readOnly = Bench.readOnly();
    assertEquals(
        Sense.WRITE_PROTECTED,
        readOnly.sense("89 00 0000000000000000 000000 01 00 00", new byte[1024]));
    assertEquals(
        Sense.WRITE_PROTECTED,
        readOnly.sense("8B 00 0000000000000000 00000001 00 00", new byte[512]));
  }

  @Test
  void orWriteSetsBitsAndClearsNone() {
    fill(8, 0x0F, 0x55, 0x00);
    bench.good("8B 00 0000000000000008 00000003 00 00", Bench.blocks(0xF0, 0x01, 0x00));
    assertArrayEquals(new int[] {0xFF, 0x55, 0x00}, bench.fillings(8, 3));
  }

  @Test
  void orWriteOfMoreThanOneStepReachesTheEnd() {
    int blocks = 3 * Limits.UPDATE_STEP_BYTES / 512 / 2;
    int[] ones = new int[blocks];
    Arrays.fill(ones, 0xA5);
    bench.good("8B 00 0000000000000000 %08X 00 00".formatted(blocks), Bench.blocks(ones));
    assertArrayEquals(ones, bench.fillings(0, blocks));
    assertArrayEquals(new int[] {0}, bench.fillings(blocks, 1));
  }

  @Test
  void aFailureOfTheDeviceIsTold() {
    ProbeDevice probe = new ProbeDevice(new MemoryBlockDevice(1 << 20));
    Bench failing = new Bench(probe);
    probe.failure = BlockIoException.Kind.NO_SPACE;
    assertEquals(
        "07/27/07",
        failing.sense("89 00 0000000000000000 000000 01 00 00", new byte[1024]).toString());
    assertEquals(
        "07/27/07",
        failing.sense("8B 00 0000000000000000 00000001 00 00", new byte[512]).toString());
  }
}
