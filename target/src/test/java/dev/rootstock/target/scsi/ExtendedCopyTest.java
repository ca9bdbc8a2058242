// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.LogicalUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** EXTENDED COPY(LID1) and RECEIVE COPY RESULTS (SPC-4 §5.17, §6.4, §6.24). */
class ExtendedCopyTest {
  private static final String UNIT = target("3123456789abcdef", 512);

  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
  private final Bench bench = new Bench(device);

  private static String target(String naa, int blockBytes) {
    return "e4000000" + "01030008" + naa + "00".repeat(12) + "%08x".formatted(blockBytes);
  }

  private static String segment(int source, int destination, int count, long from, long to) {
    return "02000018%04x%04x0000%04x%016x%016x".formatted(source, destination, count, from, to);
  }

  private static String list(int id, int usage, String targets, String segments) {
    return "%02x%02x%04x00000000%08x00000000"
            .formatted(id, usage << 3, targets.length() / 2, segments.length() / 2)
        + targets
        + segments;
  }

  private Plan.Outcome copy(String list) {
    byte[] bytes = Bench.bytes(list);
    return bench.run("83 00 0000000000000000 %08X 00 00".formatted(bytes.length), bytes);
  }

  private String refusal(String list) {
    return Bench.senseOf(copy(list)).toString();
  }

  @Test
  void blocksAreCopiedWithinAUnit() {
    bench.good("2A 00 00000000 00 0002 00", Bench.blocks(1, 2));
    assertInstanceOf(
        Plan.Respond.class,
        copy(list(1, 0, UNIT, segment(0, 0, 2, 0, 8) + segment(0, 0, 1, 1, 20))));
    assertArrayEquals(new int[] {1, 2, 0}, bench.fillings(8, 3));
    assertArrayEquals(new int[] {2}, bench.fillings(20, 1));
  }

  @Test
  void aLongSegmentIsCopiedToItsEnd() {
    int[] pattern = new int[1000];
    for (int i = 0; i < pattern.length; i++) {
      pattern[i] = i & 0xFF;
    }
    bench.good("2A 00 00000000 00 03E8 00", Bench.blocks(pattern));
    copy(list(1, 0, UNIT, segment(0, 0, 1000, 0, 1024)));
    assertArrayEquals(pattern, bench.fillings(1024, 1000));
  }

  @Test
  void blocksAreCopiedFromUnitToUnitOfOneSession() {
    MemoryBlockDevice second = new MemoryBlockDevice(1 << 20);
    ScsiTarget target = new ScsiTarget(Bench.TARGET, List.of(Bench.PORT));
    Nexus nexus =
        Bench.attach(
            target,
            1,
            Bench.unit(0, device),
            new LogicalUnit(1, second, 0x3000_0000_0000_0009L, "SECOND"));
    nexus.plan(0, Bench.cdb("00"), 0);
    bench.good("2A 00 00000000 00 0001 00", Bench.blocks(5));
    byte[] list =
        Bench.bytes(list(1, 0, UNIT + target("3000000000000009", 512), segment(0, 1, 1, 0, 3)));
    Bench.start(
        nexus.plan(0, Bench.cdb("83 00 0000000000000000 %08X".formatted(list.length)), list.length),
        list,
        outcome -> assertInstanceOf(Plan.Respond.class, outcome));
    assertArrayEquals(new int[] {5}, new Bench(second).fillings(3, 1));
  }

  /** SBC-3 §4.11.2: a unit whose sanitize operation runs or has failed does nothing else. */
  @Test
  void nothingIsCopiedToAUnitThatIsNotSanitised() {
    ProbeDevice second = new ProbeDevice(new MemoryBlockDevice(1 << 20));
    ScsiTarget target = new ScsiTarget(Bench.TARGET, List.of(Bench.PORT));
    Nexus nexus =
        Bench.attach(
            target,
            1,
            Bench.unit(0, device),
            new LogicalUnit(1, second, 0x3000_0000_0000_0009L, "SECOND"));
    long one = 0x0001_0000_0000_0000L;
    nexus.plan(0, Bench.cdb("00"), 0);
    nexus.plan(one, Bench.cdb("00"), 0);
    second.failure = BlockIoException.Kind.WRITE_FAILED;
    Bench.start(
        nexus.plan(one, Bench.cdb("48 02"), 0),
        new byte[0],
        outcome -> assertEquals("03/31/03", Bench.senseOf(outcome).toString()));
    second.failure = null;
    byte[] list =
        Bench.bytes(list(1, 0, UNIT + target("3000000000000009", 512), segment(0, 1, 1, 0, 3)));
    Bench.start(
        nexus.plan(0, Bench.cdb("83 00 0000000000000000 %08X".formatted(list.length)), list.length),
        list,
        outcome -> assertEquals("03/31/03", Bench.senseOf(outcome).toString()));
  }

  @Test
  void nothingIsCopiedByAnEmptyList() {
    bench.good("83 00 0000000000000000 00000000 00 00", new byte[0]);
    assertInstanceOf(Plan.Respond.class, copy(list(1, 0, "", "")));
  }

  @Test
  void aListThatIsCutOffIsRefused() {
    String whole = list(1, 0, UNIT, segment(0, 0, 1, 0, 8));
    assertEquals("05/1a/00", refusal(whole.substring(0, whole.length() - 2)));
    assertEquals("05/1a/00", refusal(whole.substring(0, 2 * 47)));
    assertEquals("05/1a/00", refusal("00".repeat(15)));
  }

  @Test
  void thereAreLimitsOfDescriptorsAndOfTheirBytes() {
    String segment = segment(0, 0, 0, 0, 0);
    assertEquals("05/26/06", refusal(list(1, 0, UNIT.repeat(9), segment)));
    assertEquals("05/26/08", refusal(list(1, 0, UNIT, segment.repeat(65))));
    assertEquals("05/1a/00", refusal(list(1, 0, UNIT, segment.repeat(150))));
  }

  @ParameterizedTest
  @CsvSource({
    "e0, 02, 05/26/07", // a Fibre Channel name
    "e4, 03, 05/26/09", // stream to stream
  })
  void otherDescriptorsAreNotSupported(String target, String segment, String sense) {
    assertEquals(
        sense,
        refusal(
            list(1, 0, target + UNIT.substring(2), segment + segment(0, 0, 1, 0, 8).substring(2))));
  }

  @Test
  void whatThisSessionCannotReachIsNotCopied() {
    String well = segment(0, 0, 1, 0, 8);
    Sense second = Bench.senseOf(copy(list(1, 0, UNIT, well + segment(0, 1, 1, 0, 8))));
    assertEquals("0a/08/04", second.toString());
    assertEquals(1, second.commandSpecific());
    assertEquals("0a/08/04", refusal(list(1, 0, UNIT, segment(0, 1, 1, 0, 8))));
    String stranger = target("3000000000000001", 512);
    assertEquals("0a/08/04", refusal(list(1, 0, stranger, segment(0, 0, 1, 0, 8))));
    assertEquals(
        "0a/08/04", refusal(list(1, 0, target("3123456789abcdef", 4096), segment(0, 0, 1, 0, 8))));
    assertEquals("0a/00/00", refusal(list(1, 0, UNIT, segment(0, 0, 2, 0, 2047))));
    assertEquals("0a/00/00", refusal(list(1, 0, UNIT, segment(0, 0, 2, 2047, 0))));
  }

  @Test
  void resultsAreKeptByListIdentifier() {
    assertEquals(
        Sense.invalidCdbField(2, 7), bench.sense("84 00 07 00000000000000 000000FF 00 00"));
    copy(list(7, 0, UNIT, segment(0, 0, 8, 0, 8) + segment(0, 0, 8, 0, 16)));
    assertEquals(
        "00000008" + "01" + "0002" + "00" + "00002000",
        bench.data("84 00 07 00000000000000 000000FF 00 00"));
    assertEquals("00000000", bench.data("84 04 07 00000000000000 000000FF 00 00"));
  }

  @Test
  void aFailureIsToldAndKept() {
    device.failure = BlockIoException.Kind.READ_FAILED;
    String one = segment(0, 0, 0, 0, 0);
    Sense sense = Bench.senseOf(copy(list(7, 0, UNIT, one + segment(0, 0, 8, 0, 8))));
    // THIRD PARTY DEVICE FAILURE, in the second segment.
    assertEquals("0a/0d/01", sense.toString());
    assertEquals(1, sense.commandSpecific());
    assertEquals(
        "00000008" + "02" + "0001" + "00" + "00000000",
        bench.data("84 00 07 00000000000000 000000FF 00 00"));
    String details = bench.data("84 04 07 00000000000000 000000FF 00 00");
    assertEquals("02" + "00" + "0012" + "70000a", details.substring(2 * 56, 2 * 63));
  }

  @Test
  void aCopyThatRunsIsNotBegunTwice() {
    device.holds = true;
    byte[] list = Bench.bytes(list(7, 0, UNIT, segment(0, 0, 8, 0, 8)));
    String cdb = "83 00 0000000000000000 %08X 00 00".formatted(list.length);
    Bench.start(bench.plan(cdb), list, outcome -> assertInstanceOf(Plan.Respond.class, outcome));
    assertEquals("05/00/16", bench.sense(cdb, list).toString());
    assertEquals("00000008" + "00", bench.data("84 00 07 00000000000000 00000005 00 00"));
    device.holds = false;
    while (!device.held.isEmpty()) {
      device.held.remove().run();
    }
    assertEquals("00000008" + "01", bench.data("84 00 07 00000000000000 00000005 00 00"));
  }

  /** An abort is observed between two steps, and RECEIVE COPY RESULTS tells of a failure. */
  @Test
  void aCopyThatIsAbortedBeginsNoOtherStep() {
    device.holds = true;
    byte[] list = Bench.bytes(list(7, 0, UNIT, segment(0, 0, 1000, 0, 1024)));
    AtomicBoolean aborted = new AtomicBoolean();
    List<Plan.Outcome> ends = new ArrayList<>();
    Bench.start(
        bench.plan("83 00 0000000000000000 %08X 00 00".formatted(list.length)),
        list,
        new Plan.Completion() {
          @Override
          public void ended(Plan.Outcome outcome) {
            ends.add(outcome);
          }

          @Override
          public boolean cancelled() {
            return aborted.get();
          }
        });
    device.held.remove().run();
    assertEquals(2, device.log.size());
    aborted.set(true);
    device.held.remove().run();
    assertEquals(2, device.log.size());
    assertEquals(List.of(Steps.CANCELLED), ends);
    assertEquals("00000008" + "02", bench.data("84 00 07 00000000000000 00000005 00 00"));
  }

  /** Not "in progress", which speaks of the list identifier. */
  @Test
  void moreCopiesThanThereIsRoomForAreToldToWait() {
    device.holds = true;
    for (int id = 1; id <= Limits.MAX_COPY_RESULTS + 1; id++) {
      byte[] list = Bench.bytes(list(id, 0, UNIT, segment(0, 0, 1, 0, 8)));
      String cdb = "83 00 0000000000000000 %08X 00 00".formatted(list.length);
      List<Plan.Outcome> ends = new ArrayList<>();
      Bench.start(bench.plan(cdb), list, ends::add);
      assertEquals(
          id <= Limits.MAX_COPY_RESULTS ? List.of() : List.of(new Plan.Fail(ScsiStatus.BUSY, null)),
          ends);
    }
  }

  /** SPC-4 §6.4: LIST ID USAGE 01b is reserved; 11b keeps no result. */
  @Test
  void theUseOfTheListIdentifierIsLookedAt() {
    String segment = segment(0, 0, 1, 0, 8);
    assertEquals(Sense.invalidParameter(1), Bench.senseOf(copy(list(1, 1, UNIT, segment))));
    assertInstanceOf(Plan.Respond.class, copy(list(1, 3, UNIT, segment)));
    assertEquals(
        Sense.invalidCdbField(2, 7), bench.sense("84 00 01 00000000000000 000000FF 00 00"));
    assertInstanceOf(Plan.Respond.class, copy(list(1, 2, UNIT, segment)));
    assertEquals("00000008" + "01", bench.data("84 00 01 00000000000000 00000005 00 00"));
  }

  /** More than a step, so that what is written first must not be read afterwards. */
  @ParameterizedTest
  @CsvSource({"0, 3", "3, 0", "0, 600", "600, 0"})
  void aCopyOntoItselfCopiesWhatWasThere(int from, int to) {
    int[] pattern = new int[1000];
    for (int i = 0; i < pattern.length; i++) {
      pattern[i] = i % 251;
    }
    bench.good("2A 00 %08X 00 03E8 00".formatted(from), Bench.blocks(pattern));
    assertInstanceOf(Plan.Respond.class, copy(list(1, 0, UNIT, segment(0, 0, 1000, from, to))));
    assertArrayEquals(pattern, bench.fillings(to, 1000));
  }

  @Test
  void onlyTheLastResultsAreKept() {
    for (int id = 1; id <= Limits.MAX_COPY_RESULTS + 1; id++) {
      copy(list(id, 0, UNIT, segment(0, 0, 1, 0, 8)));
    }
    assertEquals(
        Sense.invalidCdbField(2, 7), bench.sense("84 00 01 00000000000000 000000FF 00 00"));
    assertEquals("00000008" + "01", bench.data("84 00 02 00000000000000 00000005 00 00"));
  }

  @Test
  void operatingParametersAreTheLimits() {
    assertEquals(
        "0000002a"
            + "01000000" // SNLID
            + "0008" // target descriptors
            + "0040" // segment descriptors
            + "00001000" // bytes of both
            + "01fffe00" // 65535 blocks
            + "00".repeat(14)
            + "0008" // copies in all
            + "08" // copies at once
            + "09" // granularity: 512 bytes
            + "00".repeat(5)
            + "02"
            + "02e4",
        bench.data("84 03 00 00000000000000 000000FF 00 00"));
  }
}
