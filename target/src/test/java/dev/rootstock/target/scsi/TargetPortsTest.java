// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static dev.rootstock.target.scsi.ReservationsBench.*;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A device with several target ports: one for each portal group (RFC 7143 §4.4.1, SAM-5, SPC-4).
 */
class TargetPortsTest {
  private static final int OTHER = 258;
  private static final long A = 0xA;
  private static final long B = 0xB;
  private static final int ALL_TG_PT = 4;
  private static final int APTPL = 1;

  private final ReservationsBench bench = new ReservationsBench(List.of(OTHER, Bench.PORT));

  /** The initiator port of {@code bench.first}, through the other target port. */
  private final Nexus other = bench.attach(1, OTHER);

  private static String data(Nexus nexus, String cdb) {
    return Bench.dataOf(nexus.plan(0, Bench.cdb(cdb), 0));
  }

  /** SPC-4 §7.8.5: the unit is the same, and the port is another. */
  @Test
  void identificationNamesThePortThatIsAsked() {
    String one = data(bench.first, "12 01 83 00FF 00");
    String two = data(other, "12 01 83 00FF 00");
    assertTrue(one.contains("51940004" + "00000001"), one);
    assertTrue(two.contains("51940004" + "00000102"), two);
    assertTrue(two.contains(Bench.hex((Bench.TARGET + ",t,0x0102").getBytes(UTF_8))), two);
    // Unit and device are behind another association than the port.
    String unit = "01030008" + "%016x".formatted(Bench.NAA);
    assertTrue(one.contains(unit) && two.contains(unit), two);
  }

  /** SPC-4 §7.8.14: each port by its number and its name, whichever is asked. */
  @Test
  void allPortsAreListed() {
    String page =
        "0088"
            + "0088" // 2 ports of 68 bytes
            + ("0000" + "0001" + "0000" + "0000" + "0000" + "0038" + "53980034" + named("0001"))
            + ("0000" + "0102" + "0000" + "0000" + "0000" + "0038" + "53980034" + named("0102"));
    assertEquals(page, data(bench.first, "12 01 88 00FF 00"));
    assertEquals(page, data(other, "12 01 88 00FF 00"));
  }

  private static String named(String tag) {
    return Bench.hex((Bench.TARGET + ",t,0x" + tag).getBytes(UTF_8)) + "00".repeat(3);
  }

  @Test
  void inquirySaysThatThereAreSeveral() {
    assertEquals("10", data(other, "12 00 00 00FF 00").substring(12, 14));
    Bench one = Bench.writable();
    assertEquals("00", one.data("12 00 00 00FF 00").substring(12, 14));
  }

  /** SPC-4 §6.37: one group, since all of them reach the unit equally well. */
  @Test
  void allPortsAreInOneGroup() {
    String group = "00" + "01" + "0001" + "00000002" + "00000001" + "00000102";
    assertEquals("00000010" + group, data(bench.first, "A3 0A 00000000 000000FF 00 00"));
    assertEquals("00000010" + group, data(other, "A3 0A 00000000 000000FF 00 00"));
  }

  /** SPC-4 §5.13.7: a registration is that of an I_T nexus. */
  @Test
  void anInitiatorPortIsRegisteredThroughOnePort() {
    register(bench.first, A);
    assertEquals(GOOD, out(bench.first, RESERVE, EXCLUSIVE_ACCESS_REGISTRANTS, A, 0));
    assertEquals(CONFLICT, run(other, "28 00 00000000 00 0001 00"));
    register(other, B);
    assertEquals(GOOD, run(other, "28 00 00000000 00 0001 00"));
  }

  @Test
  void allTargetPortsAreRegisteredAtOnce() {
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, A, ALL_TG_PT));
    assertEquals("00000001" + "00000010" + "%016x".formatted(A).repeat(2), keys(other));
    assertEquals(GOOD, out(other, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals(CONFLICT, run(bench.first, "28 00 00000000 00 0001 00"));
    assertEquals(GOOD, run(other, "28 00 00000000 00 0001 00"));
  }

  @Test
  void anotherKeyThroughAnotherPortIsAConflict() {
    register(other, B);
    assertEquals(CONFLICT, out(bench.first, REGISTER, 0, 0, A, ALL_TG_PT));
    assertEquals(GOOD, out(bench.first, REGISTER_AND_IGNORE, 0, 0, A, ALL_TG_PT));
    assertEquals("00000002" + "00000010" + "%016x".formatted(A).repeat(2), keys(other));
  }

  @Test
  void allTargetPortsAreUnregisteredAtOnce() {
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, A, ALL_TG_PT));
    assertEquals(GOOD, out(other, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals(GOOD, out(bench.first, REGISTER, 0, A, 0, ALL_TG_PT));
    assertEquals("00000002" + "00000000", keys(bench.first));
    assertEquals("none", reservation(bench.first));
  }

  /** SPC-4 §6.14.5: each nexus has its descriptor, with the port that it comes through. */
  @Test
  void fullStatusTellsThroughWhichPort() {
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, A, ALL_TG_PT));
    assertEquals(GOOD, out(other, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    String id = Bench.hex(Bench.initiator(1).transportId());
    String length = "%08x".formatted(id.length() / 2);
    String key = "%016x".formatted(A);
    assertEquals(
        "00000001"
            + "%08x".formatted(48 + id.length())
            + (key + "00000000" + "0000" + "00000000" + "0001" + length + id)
            + (key + "00000000" + "0103" + "00000000" + "0102" + length + id),
        in(bench.third, 3));
  }

  /** SPC-4 §5.13.8: RELATIVE TARGET PORT IDENTIFIER says through which port. */
  @Test
  void aReservationMovesToAnotherPort() {
    register(bench.first, A);
    assertEquals(GOOD, out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals("05/26/00", move(OTHER + 1));
    assertEquals(GOOD, move(OTHER));
    assertEquals(GOOD, run(other, "28 00 00000000 00 0001 00"));
    assertEquals(CONFLICT, run(bench.first, "28 00 00000000 00 0001 00"));
  }

  private String move(int port) {
    String id = Bench.hex(Bench.initiator(1).transportId());
    String list = "%016x%016x0000%04x%08x".formatted(A, B, port, id.length() / 2) + id;
    byte[] bytes = Bench.bytes(list);
    return run(bench.first, "5F 07 00 0000 %08X 00".formatted(bytes.length), bytes);
  }

  /** SPC-4 §5.13.11.5. */
  @Test
  void onlyTheCommandsOfThePreemptedNexusAreAborted() {
    register(bench.first, A);
    register(other, B);
    assertEquals(GOOD, out(bench.first, PREEMPT_AND_ABORT, EXCLUSIVE_ACCESS, A, B));
    assertEquals(List.of("1 0 through " + OTHER), bench.aborted);
    assertEquals("06/2a/05", attention(other));
    assertEquals("none", attention(bench.first));
  }

  @Test
  void aPowerOnKeepsThroughWhichPort() {
    assertEquals(GOOD, out(other, REGISTER, 0, 0, A, APTPL));
    assertEquals(GOOD, out(other, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    bench.powerOn();
    assertEquals(CONFLICT, run(bench.first, "28 00 00000000 00 0001 00"));
    assertEquals(GOOD, run(bench.attach(1, OTHER), "28 00 00000000 00 0001 00"));
  }

  /** What the first servers kept, whose targets had one port. */
  @Test
  void reservationsOfTheFirstFormatAreThoseOfTheOnlyPort() throws Exception {
    String id = Bench.hex(Bench.initiator(1).transportId());
    ReservationState state =
        ReservationState.read(
            Bench.bytes(
                "01 00000007 03 00000000 00000001 %08x".formatted(id.length() / 2)
                    + id
                    + "%016x 00".formatted(A)));
    assertEquals(new NexusId(Bench.initiator(1), 1), state.holder());
    assertEquals(A, state.registrants().getFirst().key());
  }

  @Test
  void portsThatDoNotExistAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> bench.attach(1, 3));
    assertThrows(IllegalArgumentException.class, () -> new ScsiTarget(Bench.TARGET, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new ScsiTarget(Bench.TARGET, List.of(0, 1)));
    assertFalse(new TargetPorts(Bench.TARGET, List.of(1, 1)).several());
  }
}
