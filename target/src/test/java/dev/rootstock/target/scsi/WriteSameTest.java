// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WRITE SAME (10) and (16) of SBC-3. */
class WriteSameTest {
  private static final int SIZE = 4 << 20;

  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(SIZE));
  private final Bench bench = new Bench(device);

  @ParameterizedTest
  @ValueSource(strings = {"41 00 00000002 00 0003 00", "93 00 0000000000000002 00000003 00 00"})
  void oneBlockFillsTheRange(String cdb) {
    bench.good(cdb, Bench.blocks(9));
    assertArrayEquals(new int[] {0, 9, 9, 9, 0}, bench.fillings(1, 5));
  }

  @Test
  void aLongRangeIsFilledInSteps() {
    bench.good("93 00 0000000000000001 00001081 00 00", Bench.blocks(9)); // 2 MiB and 129 blocks
    assertEquals(
        List.of("write 512 1048576", "write 1049088 1048576", "write 2097664 66048"), device.log);
    assertArrayEquals(new int[] {0, 9, 9}, bench.fillings(0, 3));
    assertArrayEquals(new int[] {9, 9, 0}, bench.fillings(0x1080, 3));
  }

  /** WSNZ. */
  @Test
  void noBlocksDoNotMeanAllUpToTheEnd() {
    byte[] block = Bench.blocks(9);
    assertEquals(
        Sense.invalidCdbField(10, 7), bench.sense("93 00 0000000000001FFF 00000000 00 00", block));
    assertEquals(Sense.invalidCdbField(7, 7), bench.sense("41 00 00001FFF 00 0000 00", block));
  }

  @Test
  void moreThanTheMaximumIsRefused() {
    byte[] block = Bench.blocks(1);
    Bench large = new Bench(new MemoryBlockDevice(Limits.MAX_WRITE_SAME_BYTES + 512));
    Sense sixteen = large.sense("93 00 0000000000000000 00020001 00 00", block);
    assertEquals(Sense.invalidCdbField(10, 7), sixteen);
  }

  @Test
  void zerosWithUnmapAreDiscarded() {
    bench.good("41 00 00000000 00 0004 00", Bench.blocks(9));
    device.log.clear();
    bench.good("93 08 0000000000000001 00000002 00 00", Bench.blocks(0));
    assertEquals(List.of("discard 512 1024"), device.log);
    assertArrayEquals(new int[] {9, 0, 0, 9}, bench.fillings(0, 4));
  }

  @Test
  void zerosWithoutUnmapAreWritten() {
    bench.good("93 00 0000000000000001 00000002 00 00", Bench.blocks(0));
    assertEquals(List.of("write 512 1024"), device.log);
  }

  /** LBPRZ: an unmapped block reads as zeros, so other data cannot be unmapped. */
  @Test
  void otherDataWithUnmapAreWritten() {
    bench.good("41 08 00000001 00 0002 00", Bench.blocks(5));
    assertArrayEquals(new int[] {0, 5, 5, 0}, bench.fillings(0, 4));
  }

  @Test
  void withoutDataOutTheBlockIsZero() {
    bench.good("41 00 00000000 00 0004 00", Bench.blocks(9));
    device.log.clear();
    bench.good("93 01 0000000000000001 00000001 00 00", new byte[0]);
    bench.good("93 09 0000000000000002 00000001 00 00", new byte[0]);
    assertEquals(List.of("write 512 512", "discard 1024 512"), device.log);
    assertArrayEquals(new int[] {9, 0, 0, 9}, bench.fillings(0, 4));
  }

  @Test
  void dataOfAnotherSizeThanOneBlockAreRefused() {
    String cdb = "41 00 00000000 00 0001 00";
    assertEquals("05/0e/03", bench.sense(cdb, new byte[256]).toString());
    assertEquals("05/0e/03", bench.sense(cdb, new byte[1024]).toString());
    assertEquals("05/0e/03", bench.sense(cdb, new byte[0]).toString());
    assertEquals(List.of(), device.log);
  }

  @Test
  void anchorIsRefused() {
    assertEquals(Sense.invalidCdbField(1, 4), bench.sense("93 18 0000000000000000 00000001 00 00"));
  }

  @Test
  void aRangePastTheEndIsRefused() {
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense("93 00 0000000000002000 00000001 00 00"));
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense("93 00 0000000000001FFF 00000002 00 00"));
  }

  @Test
  void aFailedStepEndsTheCommand() {
    device.failure = BlockIoException.Kind.QUOTA;
    Sense sense = bench.sense("93 00 0000000000000000 00001000 00 00", Bench.blocks(1));
    assertEquals("07/27/07", sense.toString());
    assertEquals(1, device.log.size());
  }
}
