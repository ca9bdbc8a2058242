// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SANITIZE (SBC-3 §4.11, §5.24). */
class SanitizeTest {
  private static final String BLOCK_ERASE = "48 02 0000000000 0000 00";
  private static final String IMMEDIATELY = "48 82 0000000000 0000 00";
  private static final String EXIT_FAILURE_MODE = "48 1F 0000000000 0000 00";
  private static final String READ = "28 00 00000000 00 0001 00";

  private final ProbeDevice device =
      new ProbeDevice(new MemoryBlockDevice(new Geometry(Bench.BLOCKS * 512, 512, 4096, false)));
  private final Bench bench = new Bench(device);

  private static String overwrite(int listBytes) {
    return "48 01 0000000000 %04X 00".formatted(listBytes);
  }

  private void finish() {
    device.holds = false;
    while (!device.held.isEmpty()) {
      device.held.remove().run();
    }
  }

  @Test
  void blockEraseMakesEverythingReadAsZeros() {
    bench.good("2A 00 00000000 00 0001 00", Bench.blocks(7));
    bench.good("2A 00 000007FF 00 0001 00", Bench.blocks(7));
    bench.good(BLOCK_ERASE, new byte[0]);
    assertArrayEquals(new int[] {0}, bench.fillings(0, 1));
    assertArrayEquals(new int[] {0}, bench.fillings(Bench.BLOCKS - 1, 1));
  }

  @Test
  void overwriteRepeatsItsPatternInEveryBlock() {
    bench.good(overwrite(8), Bench.bytes("01000004" + "a5a5a5a5"));
    assertArrayEquals(new int[] {0xA5, 0xA5}, bench.fillings(0, 2));
    assertArrayEquals(new int[] {0xA5}, bench.fillings(Bench.BLOCKS - 1, 1));
  }

  /** INVERT: passes take turns, and the last one writes the pattern as it is. */
  @ParameterizedTest
  @CsvSource({"81, 1", "82, 2", "83, 3", "03, 3"})
  void theLastPassWritesThePattern(String flags, int passes) {
    bench.good(overwrite(5), Bench.bytes(flags + "000001" + "0f"));
    assertEquals(passes, device.log.stream().filter(each -> each.startsWith("write 0 ")).count());
    assertEquals("flush 0 0", device.log.getLast());
    assertArrayEquals(new int[] {0x0F}, bench.fillings(5, 1));
  }

  @Test
  void inversionWritesTheComplementBefore() {
    var twice = new Sanitation.Method.Overwrite(new byte[] {0x0F}, 2, true);
    assertEquals((byte) 0xF0, twice.pass(0).get(0));
    assertEquals((byte) 0x0F, twice.pass(1).get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "00000004 a5a5a5a5, 0", // OVERWRITE COUNT
    "21000004 a5a5a5a5, 0", // TEST
    "01000000 a5a5a5a5, 2", // INITIALIZATION PATTERN LENGTH
    "01000005 a5a5a5a5, 2",
  })
  void aListThatMakesNoSenseErasesNothing(String list, int at) {
    byte[] bytes = Bench.bytes(list);
    assertEquals(Sense.invalidParameter(at), bench.sense(overwrite(bytes.length), bytes));
    assertEquals(List.of(), device.log);
  }

  @Test
  void theListIsAtLeastAByteAndAtMostABlockOfPattern() {
    assertEquals(Sense.invalidCdbField(7, 7), bench.sense(overwrite(4)));
    assertEquals(Sense.invalidCdbField(7, 7), bench.sense(overwrite(4 + 513)));
    assertEquals(Sense.invalidCdbField(8, 3), bench.sense("48 02 0000000000 0008 00"));
  }

  /** SBC-3 §4.11.2: NOT READY, SANITIZE IN PROGRESS, with how far it is. */
  @Test
  void whileItRunsTheUnitDoesNothingElse() {
    device.holds = true;
    assertInstanceOf(Plan.Respond.class, bench.run(IMMEDIATELY, new byte[0]));
    Sense sense = bench.sense(READ);
    assertEquals("02/04/1b", sense.toString());
    assertEquals(0x80_0000, sense.specific() & 0x80_0000);
    assertEquals("02/04/1b", bench.sense("00").toString());
    assertEquals("02/04/1b", bench.sense(BLOCK_ERASE).toString());
    assertTrue(bench.data("12 00 00 0024 00").startsWith("0000"));
    assertEquals("72" + "02041b", bench.data("03 01 0000 04 00"));
    finish();
    assertEquals("", bench.data("00"));
  }

  @Test
  void aCommandThatWaitsForItIsLetGoAndAnsweredWhenItEnds() {
    device.holds = true;
    List<String> events = new ArrayList<>();
    Bench.start(
        bench.plan(BLOCK_ERASE),
        new byte[0],
        new Plan.Completion() {
          @Override
          public void ended(Plan.Outcome outcome) {
            events.add(outcome.getClass().getSimpleName());
          }

          @Override
          public void detached() {
            events.add("let go");
          }
        });
    assertEquals(List.of("let go"), events);
    finish();
    assertEquals(List.of("let go", "Respond"), events);
  }

  @Test
  void resetsDoNotStopIt() {
    device.holds = true;
    bench.run(IMMEDIATELY, new byte[0]);
    bench.target.resetUnit(0);
    bench.target.powerOn();
    String told = bench.sense("00").toString();
    while (told.startsWith("06/29/")) {
      told = bench.sense("00").toString();
    }
    assertEquals("02/04/1b", told);
    finish();
    assertEquals("", bench.data("00"));
  }

  /** A session's device is used no longer than its lease lasts; the operation is the unit's. */
  @ParameterizedTest(name = "while step {0} of two passes runs")
  @ValueSource(ints = {1, 2, 3})
  void aSessionThatEndsIsWaitedForAStepAndAnotherGoesOn(int steps) {
    device.holds = true;
    List<String> events = new ArrayList<>();
    byte[] list = Bench.bytes("82000001" + "0f");
    Bench.start(bench.plan(overwrite(5)), list, _ -> events.add("ended"));
    for (int i = 1; i < steps; i++) {
      device.held.remove().run();
    }
    bench.nexus.leave(() -> events.add("at rest"));
    assertEquals(List.of(), events);
    device.held.remove().run();
    assertEquals(List.of("at rest"), events);
    // Parked: no step is begun until a session has the unit.
    assertEquals(steps, device.log.size());
    bench.nexus.close();
    ProbeDevice reopened = new ProbeDevice(device);
    Nexus again = Bench.attach(bench.target, 2, Bench.unit(0, reopened));
    again.plan(0, Bench.cdb("00"), 0);
    assertEquals("02/04/1b", Bench.senseOf(again.plan(0, Bench.cdb("00"), 0)).toString());
    assertEquals(1, reopened.log.size());
    finish();
    assertEquals(List.of("at rest", "ended"), events);
    assertEquals("flush 0 0", reopened.log.getLast());
    assertEquals("", Bench.dataOf(again.plan(0, Bench.cdb("00"), 0)));
    assertArrayEquals(new int[] {0x0F}, bench.fillings(Bench.BLOCKS - 1, 1));
  }

  @Test
  void anotherSessionThatIsThereGoesOnAtOnce() {
    Nexus other = bench.attach(2);
    other.plan(0, Bench.cdb("00"), 0);
    device.holds = true;
    bench.run(IMMEDIATELY, new byte[0]);
    List<String> events = new ArrayList<>();
    bench.nexus.leave(() -> events.add("at rest"));
    device.held.remove().run();
    assertEquals(List.of("at rest"), events);
    assertEquals(1, device.held.size());
    finish();
    assertEquals("", Bench.dataOf(other.plan(0, Bench.cdb("00"), 0)));
  }

  @Test
  void aSessionThatCarriesNothingLeavesAtOnce() {
    List<String> events = new ArrayList<>();
    bench.nexus.leave(() -> events.add("at rest"));
    assertEquals(List.of("at rest"), events);
  }

  @Test
  void aFailureShutsTheUnitUntilItIsSanitised() {
    device.failure = BlockIoException.Kind.WRITE_FAILED;
    assertEquals("03/31/03", bench.sense(BLOCK_ERASE).toString());
    assertEquals("03/31/03", bench.sense(READ).toString());
    assertEquals(Sense.invalidCdbField(1, 4), bench.sense(EXIT_FAILURE_MODE));
    device.failure = null;
    bench.good(BLOCK_ERASE, new byte[0]);
    assertEquals("", bench.data("00"));
  }

  /** SBC-3 §4.11: what had to succeed is not got around by a second operation that need not. */
  @Test
  void aFailureThatMayNotBeGivenUpIsMendedByItsLikeOnly() {
    device.failure = BlockIoException.Kind.WRITE_FAILED;
    bench.sense(BLOCK_ERASE);
    assertEquals(Sense.invalidCdbField(1, 5), bench.sense("48 22 0000000000 0000 00"));
    assertEquals("03/31/03", bench.sense(READ).toString());
    assertEquals("03/31/03", bench.sense(BLOCK_ERASE).toString());
    device.failure = null;
    bench.good(BLOCK_ERASE, new byte[0]);
    bench.good("48 22 0000000000 0000 00", new byte[0]);
  }

  /** AUSE: allow unrestricted sanitize exit. */
  @Test
  void aFailureThatMayBeGivenUpIs() {
    device.failure = BlockIoException.Kind.WRITE_FAILED;
    bench.sense("48 22 0000000000 0000 00");
    device.failure = null;
    bench.good(EXIT_FAILURE_MODE, new byte[0]);
    assertEquals("", bench.data("00"));
  }

  @Test
  void aReadOnlyDiskAndAReservedOneAreNotErased() {
    assertEquals(Sense.WRITE_PROTECTED, Bench.readOnly().sense(BLOCK_ERASE));
    Nexus other = bench.attach(2);
    other.plan(0, Bench.cdb("00"), 0);
    other.plan(0, Bench.cdb("16"), 0);
    Plan.Fail conflict = assertInstanceOf(Plan.Fail.class, bench.plan(BLOCK_ERASE));
    assertEquals(ScsiStatus.RESERVATION_CONFLICT, conflict.status());
  }
}
