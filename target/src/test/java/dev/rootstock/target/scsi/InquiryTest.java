// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SPC-4 §6.6 and §7.8; the B pages, SBC-3: every answer written out by hand. */
class InquiryTest {
  private final Bench bench = Bench.writable();

  private static String ascii(String text) {
    return Bench.hex(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String zeros(int bytes) {
    return "00".repeat(bytes);
  }

  @Test
  void standardData() {
    assertEquals(
        "00" // connected, direct access block device
            + "00" // not removable
            + "06" // SPC-4
            + "12" // hierarchical LUNs, response data format 2
            + "5b" // 91 bytes follow
            + "1800" // implicit target port groups, third-party copy
            + "02" // command queuing
            + ascii("ROOTSTCK")
            + ascii("BOOT DISK       ")
            + ascii("0001")
            + zeros(22)
            + "00a0" // SAM-5
            + "0961" // iSCSI, and its protocol level (RFC 7144 §4.2)
            + "0460" // SPC-4
            + "04c0" // SBC-3
            + zeros(30),
        bench.data("12 00 00 00FF 00"));
  }

  @Test
  void supportedPages() {
    assertEquals("00000009" + "008083868788b0b1b2", bench.data("12 01 00 00FF 00"));
  }

  @Test
  void unitSerialNumber() {
    assertEquals("00800010" + ascii("0123456789abcdef"), bench.data("12 01 80 00FF 00"));
  }

  @Test
  void deviceIdentification() {
    assertEquals(
        "008300a0"
            // the unit: NAA locally assigned, then T10 vendor identification
            + "01030008"
            + "3123456789abcdef"
            + "02010018"
            + ascii("ROOTSTCK0123456789abcdef")
            // the port: its relative identifier and its iSCSI name, protocol identifier 5
            + "51940004"
            + "00000001"
            + "53980034"
            + ascii("iqn.2026-11.dev.rootstock:0badcafe:alder,t,0x0001")
            + zeros(3)
            // the device: its iSCSI name
            + "53a8002c"
            + ascii("iqn.2026-11.dev.rootstock:0badcafe:alder")
            + zeros(4)
            // the port's group
            + "51950004"
            + "00000001",
        bench.data("12 01 83 00FF 00"));
  }

  @Test
  void blockLimits() {
    assertEquals(
        "00b0003c"
            + "01" // WRITE SAME has to name a number of blocks
            + "ff" // COMPARE AND WRITE of up to 255 blocks
            + "0008" // granularity: 4096 bytes
            + "00010000" // at most 32 MiB
            + "00000800" // at best 1 MiB
            + "00000000" // PRE-FETCH of any length
            + "00100000" // UNMAP: at most 512 MiB
            + "00000100" // in 256 descriptors
            + "00000080" // at best in clusters of 64 KiB
            + "00000000" // whose alignment is not stated
            + "0000000000020000" // WRITE SAME: at most 64 MiB
            + zeros(20),
        bench.data("12 01 B0 00FF 00"));
  }

  @Test
  void blockLimitsOfAReadOnlyDiskOfferNoUnmap() {
    assertEquals(
        "00b0003c"
            + "01ff0008"
            + "00010000"
            + "00000800"
            + zeros(20)
            + "0000000000020000"
            + zeros(20),
        Bench.readOnly().data("12 01 B0 00FF 00"));
  }

  @Test
  void blockLimitsOfLargeBlocksAreTheSameInBytes() {
    Geometry geometry = new Geometry(1 << 20, 4096, 4096, false);
    assertEquals(
        "00b0003c"
            + "01ff0001"
            + "00002000"
            + "00000100"
            + zeros(4)
            + "00020000"
            + "00000100"
            + "00000010"
            + zeros(4)
            + "0000000000004000"
            + zeros(20),
        new Bench(new MemoryBlockDevice(geometry)).data("12 01 B0 00FF 00"));
  }

  @Test
  void extendedInquiryDataSayThatAllTaskAttributesAreKnownAndWritesAreCached() {
    String page = "0086003c" + "00" + "07" + "01" + zeros(6) + "28" + zeros(50);
    assertEquals(page, bench.data("12 01 86 00FF 00"));
    assertEquals("0086003c" + "000700", Bench.readOnly().data("12 01 86 0007 00"));
  }

  @Test
  void allModePagesAreShared() {
    assertEquals("00870004" + "3fff0000", bench.data("12 01 87 00FF 00"));
  }

  @Test
  void blockDeviceCharacteristicsSayThatNothingRotates() {
    assertEquals("00b1003c" + "0001" + "0040" + zeros(56), bench.data("12 01 B1 00FF 00"));
  }

  @Test
  void logicalBlockProvisioning() {
    assertEquals("00b20004" + "0be40200", bench.data("12 01 B2 00FF 00"));
    assertEquals("00b20004" + "00000000", Bench.readOnly().data("12 01 B2 00FF 00"));
  }

  /** SPC-4 §4.2.5: what does not fit is dropped, and that is no error. */
  @ParameterizedTest
  @CsvSource({"0000, 0", "0001, 1", "0005, 5", "0024, 36", "0060, 96", "0061, 96", "FFFF, 96"})
  void theAllocationLengthCutsTheAnswer(String allocation, int length) {
    assertEquals(2 * length, bench.data("12 00 00" + allocation + "00").length());
  }

  @Test
  void theFullLengthIsKnownWhenTheAnswerIsCut() {
    Plan.Respond cut = (Plan.Respond) bench.plan("12 00 00 0024 00");
    assertEquals(36, cut.length());
    assertEquals(96, cut.fullLength());
  }

  @Test
  void anUnknownPageOrAPageWithoutEvpdIsRefused() {
    assertEquals(Sense.invalidCdbField(2, 7), bench.sense("12 01 84 00FF 00"));
    assertEquals(Sense.invalidCdbField(2, 7), bench.sense("12 00 80 00FF 00"));
  }

  @Test
  void theObsoleteCmdDtBitIsRefused() {
    assertEquals(Sense.invalidCdbField(1, 1), bench.sense("12 02 00 00FF 00"));
  }
}
