// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Geometry;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SBC-3 §5.4. */
class LbaStatusTest {
  private static final int BLOCK = 512;

  /** A disk whose blocks are, run by run, Zero or Mutable; it answers for what it is asked. */
  private static Bench disk(long blocks, long... zeroAndMutableRuns) {
    Geometry geometry = new Geometry(blocks * BLOCK, BLOCK, BLOCK, false);
    Object device =
        Proxy.newProxyInstance(
            BlockDevice.class.getClassLoader(),
            new Class<?>[] {BlockDevice.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "geometry" -> geometry;
                  case "extents" ->
                      extents(zeroAndMutableRuns, (long) arguments[0], (long) arguments[1]);
                  default -> throw new AssertionError(method.getName());
                });
    return new Bench((BlockDevice) device);
  }

  private static List<Extent> extents(long[] runs, long offset, long length) {
    List<Extent> extents = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < runs.length; i++) {
      long from = Math.max(at, offset);
      long to = Math.min(at + runs[i] * BLOCK, offset + length);
      if (from < to) {
        extents.add(
            i % 2 == 0 ? new Extent.Zero(from, to - from) : new Extent.Mutable(from, to - from));
      }
      at += runs[i] * BLOCK;
    }
    return extents;
  }

  private static String ask(long lba, int allocation) {
    return "9E 12 %016x %08x 00 00".formatted(lba, allocation);
  }

  private static String descriptor(long lba, int blocks, int status) {
    return "%016x%08x%02x000000".formatted(lba, blocks, status);
  }

  @Test
  void mappedAndDeallocatedBlocksAreToldApart() {
    assertEquals(
        "00000034" + "00000000" + descriptor(0, 8, 1) + descriptor(8, 16, 0) + descriptor(24, 8, 1),
        disk(32, 8, 16, 8).data(ask(0, 1024)));
  }

  @Test
  void theFirstDescriptorBeginsAtTheBlockThatWasAskedFor() {
    assertEquals(
        "00000024" + "00000000" + descriptor(10, 14, 0) + descriptor(24, 8, 1),
        disk(32, 8, 16, 8).data(ask(10, 1024)));
    assertEquals(
        "00000014" + "00000000" + descriptor(31, 1, 1), disk(32, 8, 16, 8).data(ask(31, 1024)));
  }

  @Test
  void neighboursOfOneStatusAreOneDescriptor() {
    assertEquals(
        "00000014" + "00000000" + descriptor(0, 24, 0), disk(24, 0, 8, 0, 16).data(ask(0, 1024)));
  }

  @Test
  void theListIsCutToTheAllocationLengthAndNamesItsOwn() {
    assertEquals(
        "00000024" + "00000000" + descriptor(0, 8, 1), disk(32, 8, 24).data(ask(0, 8 + 16)));
    assertEquals("", disk(32, 8, 24).data(ask(0, 0)));
  }

  @Test
  void aBlockPastTheEndIsOutOfRange() {
    assertEquals(Sense.LBA_OUT_OF_RANGE, disk(32, 32).sense(ask(32, 24)));
    assertEquals(Sense.LBA_OUT_OF_RANGE, disk(32, 32).sense(ask(-1, 24)));
  }

  @Test
  void aLargeDiskIsAnsweredInParts() {
    long blocks = 1L << 40;
    int most = (int) (Limits.MAX_LBA_STATUS_BYTES / BLOCK);
    assertEquals(
        "00000014" + "00000000" + descriptor(5, most, 1), disk(blocks, blocks).data(ask(5, 1024)));
  }

  @Test
  void aDiskInManyPiecesIsAnsweredInParts() {
    long[] runs = new long[2 * Limits.MAX_LBA_STATUS_DESCRIPTORS];
    Arrays.fill(runs, 1);
    String data = disk(runs.length, runs).data(ask(0, 1 << 20));
    assertEquals((8 + 16 * Limits.MAX_LBA_STATUS_DESCRIPTORS) * 2, data.length());
    assertEquals(
        descriptor(Limits.MAX_LBA_STATUS_DESCRIPTORS - 1, 1, 0),
        data.substring(data.length() - 32));
  }
}
