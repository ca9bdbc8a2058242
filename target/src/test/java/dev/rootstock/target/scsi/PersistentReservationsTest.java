// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static dev.rootstock.target.scsi.ReservationsBench.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PERSISTENT RESERVE IN and OUT (SPC-4 §5.13, §6.14, §6.15). */
class PersistentReservationsTest {
  private static final long A = 0xA;
  private static final long B = 0xB;
  private static final long C = 0xC;
  private static final String KEY_A = "000000000000000a";
  private static final String KEY_B = "000000000000000b";
  private static final String NO_KEY = "0".repeat(16);

  /** REGISTER with a list of 29 bytes. */
  private static final String REGISTER_ONE_BYTE_OF_NAMES = "5F 00 00 0000 0000001D 00";

  private final ReservationsBench bench = new ReservationsBench();

  private void registerAll() {
    register(bench.first, A);
    register(bench.second, B);
    register(bench.third, C);
  }

  // ---- Registering ------------------------------------------------------------------------------

  @Test
  void registeringNeedsTheKeyThatIsRegistered() {
    assertEquals(CONFLICT, out(bench.first, REGISTER, 0, A, B));
    register(bench.first, A);
    assertEquals(CONFLICT, out(bench.first, REGISTER, 0, 0, B));
    assertEquals(GOOD, out(bench.first, REGISTER, 0, A, B));
    assertEquals("00000002" + "00000008" + KEY_B, keys(bench.second));
  }

  @Test
  void anExistingKeyCanBeIgnored() {
    register(bench.first, A);
    assertEquals(GOOD, out(bench.first, REGISTER_AND_IGNORE, 0, C, B));
    assertEquals("00000002" + "00000008" + KEY_B, keys(bench.first));
  }

  @Test
  void aKeyOfZeroUnregisters() {
    register(bench.first, A);
    assertEquals(GOOD, out(bench.first, REGISTER, 0, A, 0));
    assertEquals("00000002" + "00000000", keys(bench.first));
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, 0));
    assertEquals("00000002" + "00000000", keys(bench.first));
  }

  /** SPC-4 §5.13.7: all of them or none. */
  @Test
  void otherPortsAreRegisteredByName() {
    assertEquals(GOOD, registerNamed(bench.first, A, 2, 3));
    assertEquals("00000001" + "00000018" + KEY_A + KEY_A + KEY_A, keys(bench.first));
    assertEquals(GOOD, out(bench.third, REGISTER, 0, A, C));
    assertEquals(GOOD, out(bench.first, REGISTER, 0, A, 0));
    assertEquals(CONFLICT, registerNamed(bench.first, A, 4, 3));
    assertEquals(CONFLICT, registerNamed(bench.second, B, 5)); // registered, and by key A
  }

  private static String registerNamed(Nexus nexus, long key, int... others) {
    StringBuilder ids = new StringBuilder();
    for (int other : others) {
      ids.append(Bench.hex(Bench.initiator(other).transportId()));
    }
    String list = "%016x%016x0000000008000000%08x".formatted(0, key, ids.length() / 2) + ids;
    byte[] bytes = Bench.bytes(list);
    return run(nexus, "5F 00 00 0000 %08X 00".formatted(bytes.length), bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // no length
        "0000000045", // one byte too many
        "0000000445000000", // a name of no bytes
        "0000000c0500000869716e2e78000000", // a node and not a port
        "0000000400000000", // Fibre Channel
      })
  void namesThatMakeNoSenseAreRefused(String ids) {
    byte[] list = Bench.bytes("%016x%016x0000000008000000".formatted(0, A) + ids);
    assertEquals(
        "05/26/00", run(bench.first, "5F 00 00 0000 %08X 00".formatted(list.length), list));
  }

  /** SPC-4 §5.13.7, its table for REGISTER: names count for who has a key to register only. */
  @Test
  void namesAreNotLookedAtWhereThereIsNothingToRegister() {
    assertEquals(GOOD, run(bench.first, REGISTER_ONE_BYTE_OF_NAMES, named(0, 0)));
    assertEquals(CONFLICT, run(bench.first, REGISTER_ONE_BYTE_OF_NAMES, named(A, B)));
    register(bench.first, A);
    assertEquals(CONFLICT, run(bench.first, REGISTER_ONE_BYTE_OF_NAMES, named(0, B)));
    assertEquals("05/26/00", run(bench.first, REGISTER_ONE_BYTE_OF_NAMES, named(A, B)));
    assertEquals("00000001" + "00000008" + KEY_A, keys(bench.first));
  }

  /** A parameter list with SPEC_I_PT, and names that make no sense. */
  private static byte[] named(long key, long newKey) {
    return Bench.bytes("%016x%016x000000000800000000000000".formatted(key, newKey) + "45");
  }

  @Test
  void thereIsRoomForSoManyRegistrantsAndNoMore() {
    for (int i = 0; i < Limits.MAX_REGISTRANTS; i++) {
      register(bench.attach(100 + i), A);
    }
    assertEquals("05/55/04", out(bench.first, REGISTER, 0, 0, A));
  }

  // ---- Reserving and releasing
  // -------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6, 7, 8})
  void everyTypeCanBeReservedAndReleased(int type) {
    register(bench.first, A);
    assertEquals(GOOD, out(bench.first, RESERVE, type, A, 0));
    String key = type >= WRITE_EXCLUSIVE_ALL ? NO_KEY : KEY_A;
    assertEquals(key + " 0" + type, reservation(bench.second));
    assertEquals(GOOD, out(bench.first, RESERVE, type, A, 0));
    assertEquals(GOOD, out(bench.first, RELEASE, type, A, 0));
    assertEquals("none", reservation(bench.second));
    assertEquals("00000001" + "00000008" + KEY_A, keys(bench.first));
  }

  @Test
  void onlyRegistrantsReserveAndOnlyOneDoes() {
    assertEquals(CONFLICT, out(bench.first, RESERVE, EXCLUSIVE_ACCESS, 0, 0));
    registerAll();
    assertEquals(CONFLICT, out(bench.first, RESERVE, EXCLUSIVE_ACCESS, B, 0));
    assertEquals(GOOD, out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals(CONFLICT, out(bench.first, RESERVE, WRITE_EXCLUSIVE, A, 0));
    assertEquals(CONFLICT, out(bench.second, RESERVE, EXCLUSIVE_ACCESS, B, 0));
  }

  @Test
  void aReleaseHasToNameTheTypeAndOnlyTheHolderReleases() {
    registerAll();
    assertEquals(GOOD, out(bench.first, RELEASE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals(GOOD, out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0));
    assertEquals("05/26/04", out(bench.first, RELEASE, WRITE_EXCLUSIVE, A, 0));
    assertEquals(GOOD, out(bench.second, RELEASE, EXCLUSIVE_ACCESS, B, 0));
    assertEquals(KEY_A + " 03", reservation(bench.third));
  }

  /** SPC-4 §5.13.11.2.2: RESERVATIONS RELEASED, where registrants had shared the access. */
  @ParameterizedTest
  @CsvSource({"1, none", "3, none", "5, 06/2a/04", "6, 06/2a/04", "7, 06/2a/04", "8, 06/2a/04"})
  void registrantsThatSharedItAreToldOfARelease(int type, String told) {
    registerAll();
    out(bench.first, RESERVE, type, A, 0);
    assertEquals(GOOD, out(bench.first, RELEASE, type, A, 0));
    assertEquals("none", attention(bench.first));
    assertEquals(told, attention(bench.second));
  }

  @ParameterizedTest
  @CsvSource({"1, none, none", "5, none, 06/2a/04", "7, 0000000000000000 07, none"})
  void aHolderThatUnregistersReleasesUnlessAllHold(int type, String left, String told) {
    registerAll();
    out(bench.first, RESERVE, type, A, 0);
    assertEquals(GOOD, out(bench.first, REGISTER, 0, A, 0));
    assertEquals(told, attention(bench.second));
    assertEquals(left, reservation(bench.second));
  }

  @Test
  void theLastOfAllHoldersReleasesByUnregistering() {
    register(bench.first, A);
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS_ALL, A, 0);
    out(bench.first, REGISTER, 0, A, 0);
    assertEquals("none", reservation(bench.first));
  }

  // ---- Clearing, preempting, moving
  // ---------------------------------------------------------------

  /** SPC-4 §5.13.11.6: RESERVATIONS PREEMPTED to every other registrant. */
  @Test
  void clearTakesEverythingAway() {
    registerAll();
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    assertEquals(GOOD, out(bench.second, CLEAR, 0, B, 0));
    assertEquals("06/2a/03", attention(bench.first));
    assertEquals("06/2a/03", attention(bench.third));
    assertEquals("00000004" + "00000000", keys(bench.second));
    assertEquals("none", reservation(bench.second));
  }

  @Test
  void preemptTakesTheReservationOver() {
    registerAll();
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS_REGISTRANTS, A, 0);
    assertEquals(GOOD, out(bench.second, PREEMPT, WRITE_EXCLUSIVE, B, A));
    assertEquals("06/2a/05", attention(bench.first)); // REGISTRATIONS PREEMPTED
    assertEquals("06/2a/04", attention(bench.third)); // another type: RESERVATIONS RELEASED
    assertEquals(KEY_B + " 01", reservation(bench.third));
    assertEquals("00000004" + "00000010" + KEY_B + "000000000000000c", keys(bench.third));
    assertEquals(List.of(), bench.aborted);
  }

  @Test
  void preemptOfOthersLeavesTheReservation() {
    registerAll();
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    assertEquals(GOOD, out(bench.first, PREEMPT, EXCLUSIVE_ACCESS, A, C));
    assertEquals("06/2a/05", attention(bench.third));
    assertEquals("none", attention(bench.second));
    assertEquals(KEY_A + " 03", reservation(bench.second));
    assertEquals(CONFLICT, out(bench.first, PREEMPT, EXCLUSIVE_ACCESS, A, C)); // nobody has it
  }

  /** SPC-4 §5.13.11.4.4: SCOPE and TYPE are for the reservation that is taken over. */
  @Test
  void preemptThatOnlyRemovesRegistrationsIgnoresScopeAndType() {
    registerAll();
    assertEquals(GOOD, out(bench.first, PREEMPT, 0, A, C));
    assertEquals("06/2a/05", attention(bench.third));
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    register(bench.third, C);
    assertEquals(GOOD, out(bench.first, PREEMPT_AND_ABORT, 0x1F, A, C));
    assertEquals("06/2a/05", attention(bench.third));
    assertEquals(KEY_A + " 03", reservation(bench.third));
    assertEquals("05/24/00", out(bench.second, PREEMPT, 0, B, A));
    assertEquals("05/24/00", out(bench.second, PREEMPT, 0x13, B, A));
    assertEquals(KEY_A + " 03", reservation(bench.third));
  }

  @Test
  void whereAllHoldZeroPreemptsThemAll() {
    registerAll();
    out(bench.first, RESERVE, WRITE_EXCLUSIVE_ALL, A, 0);
    assertEquals(GOOD, out(bench.second, PREEMPT, EXCLUSIVE_ACCESS, B, 0));
    assertEquals("00000004" + "00000008" + KEY_B, keys(bench.second));
    assertEquals(KEY_B + " 03", reservation(bench.second));
    assertEquals("05/26/00", out(bench.second, PREEMPT, EXCLUSIVE_ACCESS, B, 0));
  }

  /** SPC-4 §5.13.11.5: what the preempted had under way ends before the answer. */
  @Test
  void preemptAndAbortEndsTheCommandsOfThePreempted() {
    registerAll();
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    assertEquals(GOOD, out(bench.second, PREEMPT_AND_ABORT, EXCLUSIVE_ACCESS, B, A));
    assertEquals(List.of("1 0"), bench.aborted);
  }

  /** SPC-4 §5.13.8. */
  @Test
  void aReservationMovesToAnotherPort() {
    assertEquals(CONFLICT, move(bench.first, A, B, 0, 2));
    register(bench.first, A);
    assertEquals("05/24/00", move(bench.first, A, B, 0, 2)); // there is nothing to move
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    assertEquals(GOOD, move(bench.first, A, B, 2, 2)); // UNREG
    assertEquals(KEY_B + " 03", reservation(bench.second));
    assertEquals("00000002" + "00000008" + KEY_B, keys(bench.second));
    assertEquals(GOOD, run(bench.second, "2A 00 00000000 00 0001 00", new byte[512]));
    assertEquals("05/26/00", move(bench.second, B, C, 0, 2)); // to itself
    assertEquals("05/26/00", move(bench.second, B, 0, 0, 3));
  }

  /** SPC-4 §7.6.4.6: ADDITIONAL LENGTH is that of the rest. */
  @Test
  void aPortWhoseNameIsNotAsLongAsItSaysIsRefused() {
    register(bench.first, A);
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    byte[] id = Bench.initiator(2).transportId();
    id[3] = (byte) (id[3] + 4);
    assertEquals("05/26/00", move(bench.first, A, B, 0, Bench.hex(id)));
    id[3] = (byte) (id[3] - 8);
    assertEquals("05/26/00", move(bench.first, A, B, 0, Bench.hex(id)));
    assertEquals(KEY_A + " 03", reservation(bench.first));
  }

  @Test
  void whatAllHoldDoesNotMove() {
    register(bench.first, A);
    out(bench.first, RESERVE, WRITE_EXCLUSIVE_ALL, A, 0);
    assertEquals(CONFLICT, move(bench.first, A, B, 0, 2));
  }

  private static String move(Nexus nexus, long key, long newKey, int flags, int to) {
    return move(nexus, key, newKey, flags, Bench.hex(Bench.initiator(to).transportId()));
  }

  private static String move(Nexus nexus, long key, long newKey, int flags, String id) {
    String list = "%016x%016x00%02x0001%08x".formatted(key, newKey, flags, id.length() / 2) + id;
    byte[] bytes = Bench.bytes(list);
    return run(nexus, "5F 07 00 0000 %08X 00".formatted(bytes.length), bytes);
  }

  // ---- What survives
  // -------------------------------------------------------------------------------

  @Test
  void sessionsAndResetsComeAndGo() {
    register(bench.first, A);
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    bench.first.close();
    bench.target.resetUnit(0);
    bench.target.reset();
    Nexus again = bench.attach(1);
    assertEquals(KEY_A + " 03", reservation(again));
    assertEquals(GOOD, run(again, "28 00 00000000 00 0001 00"));
  }

  @Test
  void aPowerOnEndsWhatWasNotToSurviveIt() {
    register(bench.first, A);
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, A, 0);
    bench.powerOn();
    assertEquals("00000000" + "00000000", keys(bench.first));
  }

  @Test
  void aColdResetIsAPowerOn() {
    register(bench.first, A);
    bench.target.powerOn();
    assertEquals("06/29/00", attention(bench.first));
    assertEquals("00000000" + "00000000", keys(bench.first));
  }

  /** SPC-4 §6.15.2: PRGENERATION is 0 after a power-on, whatever survives. */
  @Test
  void aColdResetKeepsWhatIsToSurviveAndCountsAnew() {
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, A, 1));
    bench.target.powerOn();
    assertEquals("06/29/00", attention(bench.first));
    assertEquals("00000000" + "00000008" + KEY_A, keys(bench.first));
    assertEquals("06/29/00", attention(bench.second));
    register(bench.second, B);
    assertEquals("00000001" + "00000010" + KEY_A + KEY_B, keys(bench.second));
  }

  /** SPC-4 §5.13.5. */
  @Test
  void whatIsToSurviveAPowerOnDoes() {
    assertEquals(GOOD, out(bench.first, REGISTER, 0, 0, A, 1));
    assertEquals(GOOD, out(bench.second, REGISTER, 0, 0, B, 1));
    assertEquals(GOOD, out(bench.first, RESERVE, EXCLUSIVE_ACCESS_REGISTRANTS, A, 0));
    bench.powerOn();
    assertEquals(KEY_A + " 06", reservation(bench.third));
    assertEquals("00000000" + "00000010" + KEY_A + KEY_B, keys(bench.third));
    assertEquals(CONFLICT, run(bench.third, "28 00 00000000 00 0001 00"));
    assertEquals(GOOD, run(bench.second, "28 00 00000000 00 0001 00"));
    assertEquals("81", in(bench.first, 2).substring(6, 8)); // TMV, PTPL_A
  }

  @Test
  void theLastRegistrationSaysWhetherItSurvives() {
    out(bench.first, REGISTER, 0, 0, A, 1);
    out(bench.second, REGISTER, 0, 0, B, 0);
    bench.powerOn();
    assertEquals("00000000" + "00000000", keys(bench.first));
  }

  @Test
  void whatCannotBeKeptIsNoSuccess() {
    bench.memory.fails = true;
    assertEquals("04/44/00", out(bench.first, REGISTER, 0, 0, A, 1));
  }

  @Test
  void aMemoryThatMakesNoSenseIsAnErrorAndNotForgotten() {
    bench.memory.bytes = new byte[] {9};
    assertThrows(UncheckedIOException.class, bench::powerOn);
    assertEquals(1, bench.memory.bytes.length);
  }

  // ---- Reports and malformed requests
  // ---------------------------------------------------------------

  @Test
  void capabilitiesAreAllThatThereAre() {
    assertEquals("0008" + "0d" + "80" + "ea01" + "0000", in(bench.first, 2));
  }

  @Test
  void fullStatusNamesEveryRegistrantAndTheHolder() {
    out(bench.first, REGISTER, 0, 0, A, 4); // ALL_TG_PT
    register(bench.second, B);
    out(bench.second, RESERVE, WRITE_EXCLUSIVE, B, 0);
    String one = Bench.hex(Bench.initiator(1).transportId());
    String two = Bench.hex(Bench.initiator(2).transportId());
    String length = "%08x".formatted(one.length() / 2);
    assertEquals(
        "00000002"
            + "%08x".formatted(48 + one.length())
            + (KEY_A + "00000000" + "0200" + "00000000" + "0001" + length + one)
            + (KEY_B + "00000000" + "0101" + "00000000" + "0001" + length + two),
        in(bench.third, 3));
  }

  /** SPC-4 §7.6.4.6, by hand. */
  @Test
  void aTransportIdIsNameAndIsid() {
    assertEquals(
        "4500002c"
            + Bench.hex("iqn.2026-11.example:init1,i,0x000000000001".getBytes(US_ASCII))
            + "0000",
        Bench.hex(Bench.initiator(1).transportId()));
  }

  @Test
  void keysAreCutToTheAllocationLengthAndTheirLengthIsNot() {
    registerAll();
    assertEquals(
        "00000003" + "00000018",
        Bench.dataOf(bench.first.plan(0, Bench.cdb("5E 00 0000000000 0008 00"), 0)));
  }

  @ParameterizedTest
  @CsvSource({
    "5F 01 13 0000 00000018 00, 05/24/00", // SCOPE: not the logical unit
    "5F 01 02 0000 00000018 00, 05/24/00", // no such TYPE
    "5F 01 00 0000 00000018 00, 05/24/00",
    "5F 00 00 0000 00000017 00, 05/1a/00",
    "5F 00 00 0000 00000000 00, 05/1a/00",
    "5F 00 00 0000 FFFFFFFF 00, 05/1a/00",
    "5F 00 00 0000 0000001C 00, 05/1a/00", // more, without SPEC_I_PT
    "5F 08 00 0000 00000018 00, 05/24/00",
    "5E 04 0000000000 00FF 00, 05/24/00",
  })
  void badRequestsAreRefused(String cdb, String sense) {
    assertEquals(sense, run(bench.first, cdb, new byte[28]));
  }
}
