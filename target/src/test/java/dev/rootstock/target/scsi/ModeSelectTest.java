// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** MODE SELECT (SPC-4 §6.11, §6.12), and what the parameters that it changes do. */
class ModeSelectTest {
  private static final String CACHE_OFF = "0812" + "00".repeat(18);
  private static final String CACHE_ON = "0812" + "04" + "00".repeat(17);
  private static final String PROTECTED = control("02", "08", "00");
  private static final String DESCRIPTORS = control("06", "00", "00");
  private static final String TELLS_ABORTED = control("02", "00", "40");
  private static final String TEST_UNIT_READY = "00";

  private final ProbeDevice device =
      new ProbeDevice(new MemoryBlockDevice(new Geometry(Bench.BLOCKS * 512, 512, 4096, false)));
  private final Bench bench = new Bench(device);

  private static String control(String byte2, String byte4, String byte5) {
    return "0a0a" + byte2 + "10" + byte4 + byte5 + "000000000000";
  }

  private static byte[] list(String hex) {
    return Bench.bytes(hex);
  }

  private void select(String pages) {
    byte[] list = list("00000000" + pages);
    bench.good("15 10 0000 %02X 00".formatted(list.length), list);
  }

  private Sense refusal(String hex) {
    byte[] list = list(hex);
    return bench.sense("15 10 0000 %02X 00".formatted(list.length), list);
  }

  @Test
  void withTheCacheOffEveryWriteIsForced() {
    assertEquals(Durability.CACHED, durability());
    select(CACHE_OFF);
    assertEquals(Durability.FORCED, durability());
    select(CACHE_ON);
    assertEquals(Durability.CACHED, durability());
  }

  private Durability durability() {
    return ((Plan.WriteBlocks) bench.plan("2A 00 00000000 00 0001 00")).durability();
  }

  @Test
  void turningTheCacheOffWritesItOutFirst() {
    select(CACHE_OFF);
    assertEquals("[flush 0 0]", device.log.toString());
  }

  @Test
  void withTheCacheOffWriteSameIsDurableBeforeItEnds() {
    select(CACHE_OFF);
    device.log.clear();
    bench.good("41 00 00000000 00 0001 00", Bench.blocks(7));
    assertEquals("[write 0 512, flush 0 0]", device.log.toString());
  }

  @Test
  void softwareWriteProtectionRefusesWritesAndShowsInModeSense() {
    select(PROTECTED);
    assertEquals("07/27/02", bench.sense("2A 00 00000000 00 0001 00").toString());
    assertEquals("07/27/02", bench.sense("42 00 00000000 00 0018 00").toString());
    assertEquals("07/27/02", bench.sense("41 00 00000000 00 0001 00", new byte[512]).toString());
    assertEquals("0f009000" + PROTECTED, bench.data("1A 08 0A 00 FF 00"));
    select(control("02", "00", "00"));
    assertEquals("0f001000" + control("02", "00", "00"), bench.data("1A 08 0A 00 FF 00"));
  }

  @Test
  void senseDataComeInTheFormatThatWasAskedFor() {
    assertEquals(0x70, bench.nexus.senseData(0, Sense.INVALID_OPCODE)[0]);
    select(DESCRIPTORS);
    assertEquals(0x72, bench.nexus.senseData(0, Sense.INVALID_OPCODE)[0]);
  }

  @Test
  void taskAbortedStatusIsAskedForByUnit() {
    assertFalse(bench.nexus.tellsAborted(0));
    select(TELLS_ABORTED);
    assertTrue(bench.nexus.tellsAborted(0));
    assertFalse(bench.nexus.tellsAborted(1));
  }

  /** SPC-4 §5.8: MODE PARAMETERS CHANGED, to all but the nexus that did it. */
  @Test
  void otherNexusesAreToldOfAChangeAndOfNothingElse() {
    Nexus other = bench.attach(2);
    other.plan(0, Bench.cdb(TEST_UNIT_READY), 0);
    select(CACHE_ON);
    assertEquals("", Bench.dataOf(other.plan(0, Bench.cdb(TEST_UNIT_READY), 0)));
    select(CACHE_OFF);
    assertEquals(
        "06/2a/01", Bench.senseOf(other.plan(0, Bench.cdb(TEST_UNIT_READY), 0)).toString());
    assertEquals("", bench.data(TEST_UNIT_READY));
    assertEquals("17001000" + CACHE_OFF, Bench.dataOf(other.plan(0, Bench.cdb("1A080800FF"), 0)));
  }

  @Test
  void aResetBringsTheDefaultsBack() {
    select(CACHE_OFF + PROTECTED);
    bench.target.resetUnit(0);
    assertEquals("06/29/03", bench.sense(TEST_UNIT_READY).toString());
    assertEquals(Durability.CACHED, durability());
  }

  /** A list is taken as a whole or not at all. */
  @Test
  void nothingIsChangedWhenOnePageIsWrong() {
    assertEquals(
        Sense.invalidParameter(24), refusal("00000000" + CACHE_OFF + "3e0a" + "00".repeat(10)));
    assertEquals(Durability.CACHED, durability());
  }

  @ParameterizedTest
  @CsvSource({
    "00000000 0812 05, 6", // RCD cannot be changed
    "00000000 0a0a 02 00, 7", // nor QUEUE ALGORITHM MODIFIER
    "00000000 0814 04, 5", // PAGE LENGTH
    "00000000 480000 04, 4", // no such subpage
    "00000000 5c020114, 6", // PAGE LENGTH of a subpage has two bytes
    "00010000 0812 04, 1", // MEDIUM TYPE
    "00000004 00000000 0812, 3", // no block descriptor is that long
    "00000008 00000700 00000200 0812 04, 4", // NUMBER OF LOGICAL BLOCKS
    "00000008 00000800 00001000 0812 04, 9", // LOGICAL BLOCK LENGTH
  })
  void theWrongByteIsPointedAt(String begin, int at) {
    String hex = begin.replace(" ", "");
    assertEquals(Sense.invalidParameter(at), refusal(hex + "00".repeat(64 - hex.length() / 2)));
  }

  @Test
  void theBlockDescriptorMayComeBackAsItWas() {
    select(CACHE_OFF);
    byte[] six = list("00000008" + "00000800" + "00000200" + CACHE_ON);
    bench.good("15 10 0000 %02X 00".formatted(six.length), six);
    assertEquals(Durability.CACHED, durability());
    byte[] ten = list("00000000 01 00 0010" + "0000000000000800" + "0000000000000200" + CACHE_OFF);
    bench.good("55 10 0000000000 %04X 00".formatted(ten.length), ten);
    assertEquals(Durability.FORCED, durability());
  }

  @Test
  void aListThatIsCutOffIsRefused() {
    assertEquals(Sense.PARAMETER_LIST_LENGTH, refusal("000000"));
    assertEquals(Sense.PARAMETER_LIST_LENGTH, refusal("00000000" + "08"));
    assertEquals(Sense.PARAMETER_LIST_LENGTH, refusal("00000000" + "0812" + "04"));
    assertEquals(
        Sense.PARAMETER_LIST_LENGTH,
        bench.sense("15 10 0000 18 00", list("00000000" + CACHE_OFF.substring(2))));
    bench.good("15 10 0000 00 00", new byte[0]);
  }

  @Test
  void pagesAreNotSavedAndHaveTheStandardFormat() {
    assertEquals(Sense.invalidCdbField(1, 0), bench.sense("15 11 0000 18 00"));
    assertEquals(Sense.invalidCdbField(1, 4), bench.sense("15 00 0000 18 00"));
  }
}
