// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** UNMAP, SBC-3 §5.28, on a disk of 2048 blocks. */
class UnmapTest {
  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
  private final Bench bench = new Bench(device);

  @BeforeEach
  void writeSomething() {
    bench.good("41 00 00000000 00 0010 00", Bench.blocks(9));
    device.log.clear();
  }

  /** The command for a parameter list. */
  private static String cdb(byte[] list) {
    return "42 00 00000000 00" + String.format("%04X", list.length) + "00";
  }

  private static byte[] list(String... descriptors) {
    int bytes = 16 * descriptors.length;
    String header = String.format("%04X%04X00000000", bytes + 6, bytes);
    return Bench.bytes(header + String.join("", descriptors));
  }

  private static String range(long lba, long count) {
    return String.format("%016X%08X00000000", lba, count);
  }

  private void unmap(byte[] list) {
    bench.good(cdb(list), list);
  }

  private Sense refused(byte[] list) {
    Sense sense = bench.sense(cdb(list), list);
    assertEquals(List.of(), device.log, "something was discarded");
    return sense;
  }

  @Test
  void everyRangeIsGivenUpAndReadsAsZeros() {
    unmap(list(range(1, 2), range(5, 1)));
    assertEquals(List.of("discard 512 1024", "discard 2560 512"), device.log);
    assertArrayEquals(new int[] {9, 0, 0, 9, 9, 0, 9}, bench.fillings(0, 7));
  }

  @Test
  void rangesMayOverlap() {
    unmap(list(range(1, 3), range(2, 3)));
    assertArrayEquals(new int[] {9, 0, 0, 0, 0, 9}, bench.fillings(0, 6));
  }

  @Test
  void emptyRangesDoNothing() {
    unmap(list(range(1, 0), range(2048, 0)));
    unmap(list());
    assertEquals(List.of(), device.log);
  }

  @Test
  void aParameterListOfNoLengthIsNoError() {
    assertEquals(Plan.Respond.GOOD, bench.plan("42 00 00000000 00 0000 00"));
  }

  @Test
  void anIncompleteLastDescriptorIsIgnored() {
    byte[] list = Bench.bytes("001E 0018 00000000" + range(1, 1) + "0000000000000004");
    unmap(list);
    assertEquals(List.of("discard 512 512"), device.log);
  }

  @Test
  void bytesBehindTheListAreIgnored() {
    unmap(Arrays.copyOf(list(range(1, 1)), 100));
    assertEquals(List.of("discard 512 512"), device.log);
  }

  @ParameterizedTest
  @CsvSource({
    "00", // no whole header
    "00000000 000000",
    "0006 0010 00000000", // descriptors that are not there
    "0016 0000 00000000", // a length that goes past the end
    "0016 0020 00000000 0000000000000001 00000001 00000000",
  })
  void aListThatContradictsItsLengthIsRefused(String list) {
    assertEquals(Sense.PARAMETER_LIST_LENGTH, refused(Bench.bytes(list)));
  }

  @Test
  void aListThatIsShorterThanTheCommandSaysIsRefused() {
    byte[] list = list(range(1, 1));
    assertEquals(Sense.PARAMETER_LIST_LENGTH, bench.sense("42 00 00000000 00 0028 00", list));
    assertEquals(List.of(), device.log);
  }

  @Test
  void oneRangePastTheEndRefusesTheWholeList() {
    assertEquals(Sense.LBA_OUT_OF_RANGE, refused(list(range(1, 1), range(2047, 2))));
    assertEquals(Sense.LBA_OUT_OF_RANGE, refused(list(range(2049, 0))));
    assertEquals(Sense.LBA_OUT_OF_RANGE, refused(list(range(-1, 1))));
    assertEquals(Sense.LBA_OUT_OF_RANGE, refused(list(range(Long.MAX_VALUE, 0xFFFF_FFFFL))));
  }

  @Test
  void tooManyDescriptorsAreRefused() {
    List<String> ranges = new ArrayList<>();
    for (int i = 0; i < Limits.MAX_UNMAP_DESCRIPTORS; i++) {
      ranges.add(range(i, 1));
    }
    unmap(list(ranges.toArray(String[]::new)));
    device.log.clear();
    ranges.add(range(0, 1));
    assertEquals(Sense.invalidParameter(2), refused(list(ranges.toArray(String[]::new))));
  }

  @Test
  void tooManyBlocksInAllAreRefusedAtTheDescriptorThatIsTooMuch() {
    Bench larger = new Bench(new MemoryBlockDevice(4 << 20));
    String[] ranges = new String[(int) (Limits.MAX_UNMAP_BYTES >> 22)];
    Arrays.fill(ranges, range(0, 8192));
    byte[] most = list(ranges);
    larger.good(cdb(most), most);
    ranges = Arrays.copyOf(ranges, ranges.length + 1);
    ranges[ranges.length - 1] = range(0, 1);
    byte[] tooMuch = list(ranges);
    assertEquals(
        Sense.invalidParameter(8 + 16 * (ranges.length - 1) + 8),
        larger.sense(cdb(tooMuch), tooMuch));
  }

  @Test
  void aFailedDiscardEndsTheCommand() {
    device.failure = BlockIoException.Kind.FENCED;
    byte[] list = list(range(1, 1), range(2, 1));
    assertEquals("02/04/03", bench.sense(cdb(list), list).toString());
    assertEquals(1, device.log.size());
  }
}
