// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** SBC-3 §5.15 and §5.16. */
class CapacityTest {
  private static final String TEN = "25 00 00000000 000000 00";
  private static final String SIXTEEN = "9E 10 0000000000000000 00000020 00 00";

  /** A disk that has a shape and no bytes. */
  private static Bench sized(Geometry geometry) {
    Object shape =
        Proxy.newProxyInstance(
            BlockDevice.class.getClassLoader(),
            new Class<?>[] {BlockDevice.class},
            (proxy, method, arguments) -> {
              assertEquals("geometry", method.getName());
              return geometry;
            });
    return new Bench((BlockDevice) shape);
  }

  @Test
  void tenNamesTheLastBlock() {
    assertEquals("000007ff" + "00000200", Bench.writable().data(TEN));
  }

  @Test
  void tenIsAllOnesWhereTheLastBlockHasNoPlace() {
    long blocks = 1L << 32;
    assertEquals(
        "ffffffff" + "00000200", sized(new Geometry(blocks * 512, 512, 512, false)).data(TEN));
    assertEquals(
        "ffffffff" + "00000200",
        sized(new Geometry((blocks + 9) * 512, 512, 512, false)).data(TEN));
    assertEquals(
        "fffffffe" + "00000200",
        sized(new Geometry((blocks - 1) * 512, 512, 512, false)).data(TEN));
  }

  @Test
  void sixteenTellsOfProvisioningAndPhysicalBlocks() {
    assertEquals(
        "00000000000007ff" + "00000200" + "00" + "03" + "c000" + "00".repeat(16),
        Bench.writable().data(SIXTEEN));
  }

  @Test
  void sixteenOfAReadOnlyDiskOffersNoProvisioning() {
    assertEquals(
        "00000000000007ff" + "00000200" + "00" + "03" + "0000" + "00".repeat(16),
        Bench.readOnly().data(SIXTEEN));
  }

  @Test
  void sixteenHoldsLargeDisksAndLargeBlocks() {
    assertEquals(
        "00000000ffffffff" + "00001000" + "00" + "00" + "c000" + "00".repeat(16),
        sized(new Geometry(4096L << 32, 4096, 4096, false)).data(SIXTEEN));
  }

  @Test
  void sixteenIsCutToTheAllocationLength() {
    Bench bench = new Bench(new MemoryBlockDevice(1 << 20));
    assertEquals(
        "00000000000007ff" + "00000200", bench.data("9E 10 0000000000000000 0000000C 00 00"));
    assertEquals("", bench.data("9E 10 0000000000000000 00000000 00 00"));
  }

  @Test
  void obsoleteFieldsAreRefused() {
    Bench bench = Bench.writable();
    assertEquals(Sense.invalidCdbField(8, 0), bench.sense("25 00 00000000 0000 01 00")); // PMI
    assertEquals(Sense.invalidCdbField(5, 0), bench.sense("25 00 00000001 0000 00 00")); // LBA
  }
}
