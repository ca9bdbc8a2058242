// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.block.Usage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LOG SENSE (SPC-4 §6.9), and the threshold of logical block provisioning (SBC-3). */
class LogSenseTest {
  private static final String WRITE = "2A 00 00000000 00 0001 00";
  private static final String PROVISIONING = "4D 00 4C 00 00 0000 00FF 00";

  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
  private final Bench bench = new Bench(device);

  private void use(long allocatedMebibytes, long limitMebibytes) {
    device.usage = new Usage(allocatedMebibytes << 20, limitMebibytes << 20);
  }

  @Test
  void pagesAreListed() {
    assertEquals("00000002" + "000c", bench.data("4D 00 40 00 00 0000 00FF 00"));
    assertEquals("40ff0006" + "000000ff0c00", bench.data("4D 00 40 FF 00 0000 00FF 00"));
    assertEquals("00000001" + "00", Bench.readOnly().data("4D 00 40 00 00 0000 00FF 00"));
  }

  @Test
  void whatIsUsedAndWhatIsLeftIsCountedInThresholdSets() {
    use(30, 100);
    assertEquals(
        "0c000018" + "00010308" + "00000046" + "02000000" + "00020308" + "0000001e" + "02000000",
        bench.data(PROVISIONING));
    assertEquals(
        "0c00000c" + "00020308" + "0000001e" + "02000000",
        bench.data("4D 00 4C 00 00 0002 00FF 00"));
  }

  @Test
  void aPointerBehindTheLastParameterIsRefused() {
    assertEquals(Sense.invalidCdbField(5, 7), bench.sense("4D 00 4C 00 00 0003 00FF 00"));
    assertEquals(Sense.invalidCdbField(5, 7), bench.sense("4D 00 4C 00 00 FFFF 00FF 00"));
  }

  @Test
  void withoutAQuotaNothingIsSaidOfWhatIsLeft() {
    device.usage = new Usage(30 << 20, Long.MAX_VALUE);
    assertEquals("0c00000c" + "00020308" + "0000001e" + "02000000", bench.data(PROVISIONING));
  }

  @Test
  void unknownPagesAndSavingAreRefused() {
    assertEquals(Sense.invalidCdbField(2, 5), bench.sense("4D 00 6F 00 00 0000 00FF 00"));
    assertEquals(Sense.invalidCdbField(3, 7), bench.sense("4D 00 4C 01 00 0000 00FF 00"));
    assertEquals(Sense.invalidCdbField(1, 0), bench.sense("4D 01 40 00 00 0000 00FF 00"));
    assertEquals(Sense.invalidCdbField(2, 5), Bench.readOnly().sense(PROVISIONING));
  }

  /**
   * SBC-3, thresholds: THIN PROVISIONING SOFT THRESHOLD REACHED, once until there is room again.
   */
  @Test
  void whenLittleIsLeftEveryNexusIsToldOnce() {
    Nexus other = bench.attach(2);
    other.plan(0, Bench.cdb("00"), 0);
    use(90, 100);
    bench.good(WRITE, new byte[512]);
    assertEquals("", bench.data("00"));
    use(91, 100);
    bench.good(WRITE, new byte[512]);
    assertEquals("06/38/07", bench.sense("00").toString());
    assertEquals("06/38/07", Bench.senseOf(other.plan(0, Bench.cdb("00"), 0)).toString());
    bench.good(WRITE, new byte[512]);
    assertEquals("", bench.data("00"));
    use(50, 100);
    bench.good(WRITE, new byte[512]);
    use(95, 100);
    bench.good(WRITE, new byte[512]);
    assertEquals("06/38/07", bench.sense("00").toString());
  }

  /** Whatever uses room up, and not WRITE alone. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "0A 00 0000 01 00, 1",
    "2A 00 00000000 00 0001 00, 1",
    "AA 00 00000000 00000001 00 00, 1",
    "8A 00 0000000000000000 00000001 00 00, 1",
    "2E 00 00000000 00 0001 00, 1",
    "8E 00 0000000000000000 00000001 00 00, 1",
    "AE 00 00000000 00000001 00 00, 1",
    "41 00 00000000 00 0001 00, 1",
    "93 00 0000000000000000 00000001 00 00, 1",
    "89 00 0000000000000000 000000 01 00 00, 2",
    "8B 00 0000000000000000 00000001 00 00, 1",
    "48 01 0000000000 0008 00, 0",
  })
  void everyCommandThatAllocatesLooksAtTheThreshold(String cdb, int blocks) {
    use(95, 100);
    byte[] out = blocks == 0 ? Bench.bytes("01000004 00000000") : new byte[512 * blocks];
    bench.good(cdb, out);
    assertEquals("06/38/07", bench.sense("00").toString());
  }

  /** A command that works in steps may pass the threshold itself. */
  @Test
  void theThresholdIsLookedAtAgainAtTheEnd() {
    use(50, 100);
    device.holds = true;
    byte[] block = new byte[512];
    Bench.start(bench.plan("41 00 00000000 00 0001 00", block.length), block, outcome -> {});
    assertEquals("", bench.data("00"));
    use(95, 100);
    device.holds = false;
    device.held.remove().run();
    assertEquals("06/38/07", bench.sense("00").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "28 00 00000000 00 0001 00",
        "2F 00 00000000 00 0001 00",
        "35 00 00000000 00 0001 00"
      })
  void whatAllocatesNothingDoesNotLook(String cdb) {
    use(95, 100);
    bench.good(cdb, new byte[0]);
    assertEquals("", bench.data("00"));
  }

  @Test
  void theThresholdStandsInItsModePageAndCanBeSilenced() {
    use(0, 100);
    assertEquals(
        "1b001000" + "5c020014" + "00".repeat(12) + "80010000" + "0000000a",
        bench.data("1A 08 1C 02 FF 00"));
    byte[] silent = Bench.bytes("00000000" + "010a" + "00".repeat(10));
    bench.good("15 10 0000 10 00", silent);
    use(95, 100);
    bench.good(WRITE, new byte[512]);
    assertEquals("", bench.data("00"));
  }
}
