// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static dev.rootstock.target.scsi.ReservationsBench.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which commands conflict with a reservation (SPC-4 §5.13.1, SBC-3 §4.17; SPC-2 §5.5.1). */
class ReservationConflictsTest {
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2A 00 00000000 00 0001 00";

  private final ReservationsBench bench = new ReservationsBench();

  /**
   * Who may read and write: the holder, a registrant and a stranger, each "rw", "r-" or "--". The
   * table of SPC-4 §5.13.1.
   */
  @ParameterizedTest
  @CsvSource({
    "1, rw, r-, r-",
    "3, rw, --, --",
    "5, rw, rw, r-",
    "6, rw, rw, --",
    "7, rw, rw, r-",
    "8, rw, rw, --",
  })
  void accessOfEachType(int type, String holder, String registrant, String stranger) {
    register(bench.first, 0xA);
    register(bench.second, 0xB);
    assertEquals(GOOD, out(bench.first, RESERVE, type, 0xA, 0));
    assertEquals(holder, access(bench.first));
    assertEquals(registrant, access(bench.second));
    assertEquals(stranger, access(bench.third));
  }

  private static String access(Nexus nexus) {
    return (run(nexus, READ).equals(GOOD) ? "r" : "-")
        + (run(nexus, WRITE, new byte[512]).equals(GOOD) ? "w" : "-");
  }

  /** What a stranger may do: under write exclusive, under exclusive access, after RESERVE. */
  @ParameterizedTest
  @CsvSource({
    "00, y, y, n", // TEST UNIT READY
    "03 00 0000 FF 00, y, y, y", // REQUEST SENSE
    "08 000000 01 00, y, n, n", // READ(6)
    "0A 000000 01 00, n, n, n", // WRITE(6)
    "12 00 00 0024 00, y, y, y", // INQUIRY
    "15 10 0000 00 00, n, n, n", // MODE SELECT(6)
    "1A 08 3F 00 FF 00, n, n, n", // MODE SENSE(6)
    "1B 00 0000 01 00, y, y, y", // START STOP UNIT, starting
    "1B 00 0000 00 00, n, n, n", // and stopping
    "1E 000000 00 00, y, y, y", // PREVENT ALLOW MEDIUM REMOVAL, allowing
    "1E 000000 01 00, n, n, n", // and preventing
    "25 00 00000000 000000 00, y, y, y", // READ CAPACITY(10)
    "28 00 00000000 00 0001 00, y, n, n",
    "2E 00 00000000 00 0001 00, n, n, n", // WRITE AND VERIFY(10)
    "2F 00 00000000 00 0001 00, y, n, n", // VERIFY(10)
    "34 00 00000000 00 0001 00, y, n, n", // PRE-FETCH(10)
    "35 00 00000000 00 0001 00, n, n, n", // SYNCHRONIZE CACHE(10)
    "37 00 00 00000000 00FF 00, y, n, n", // READ DEFECT DATA(10)
    "41 00 00000000 00 0001 00, n, n, n", // WRITE SAME(10)
    "42 00 00000000 00 0000 00, n, n, n", // UNMAP
    "4D 00 40 00 00 0000 00FF 00, y, y, y", // LOG SENSE
    "5E 00 0000000000 00FF 00, y, y, n", // PERSISTENT RESERVE IN
    "89 00 0000000000000000 000000 00 00 00, n, n, n", // COMPARE AND WRITE
    "8B 00 0000000000000000 00000000 00 00, n, n, n", // ORWRITE
    "9E 10 0000000000000000 000000FF 00 00, y, y, y", // READ CAPACITY(16)
    "9E 12 0000000000000000 000000FF 00 00, y, n, n", // GET LBA STATUS
    "A0 00 00 000000 000000FF 00 00, y, y, y", // REPORT LUNS
    "A3 0A 00000000 000000FF 00 00, y, y, y", // REPORT TARGET PORT GROUPS
    "A3 0C 00 00 0000 000000FF 00 00, y, n, n", // REPORT SUPPORTED OPERATION CODES
  })
  void strangers(String cdb, String writeExclusive, String exclusiveAccess, String reserved) {
    register(bench.first, 0xA);
    out(bench.first, RESERVE, WRITE_EXCLUSIVE, 0xA, 0);
    assertEquals(writeExclusive, allowed(cdb), "write exclusive");
    out(bench.first, RELEASE, WRITE_EXCLUSIVE, 0xA, 0);
    out(bench.first, RESERVE, EXCLUSIVE_ACCESS, 0xA, 0);
    assertEquals(exclusiveAccess, allowed(cdb), "exclusive access");
    out(bench.first, CLEAR, 0, 0xA, 0);
    assertEquals(GOOD, run(bench.first, "16 00 000000 00"));
    assertEquals(reserved, allowed(cdb), "RESERVE");
  }

  private String allowed(String cdb) {
    return run(bench.third, cdb, new byte[512]).equals(CONFLICT) ? "n" : "y";
  }

  @Test
  void reserveIsForOneAndReleaseByOthersDoesNothing() {
    assertEquals(GOOD, run(bench.first, "16 00 000000 00"));
    assertEquals(GOOD, run(bench.first, "16 00 000000 00"));
    assertEquals(CONFLICT, run(bench.second, "56 00 000000000000 00 00"));
    assertEquals(GOOD, run(bench.second, "17 00 000000 00"));
    assertEquals("rw", access(bench.first));
    assertEquals("--", access(bench.second));
    assertEquals(GOOD, run(bench.first, "57 00 000000000000 00 00"));
    assertEquals("rw", access(bench.second));
  }

  @Test
  void reserveEndsWithItsSessionAndWithAReset() {
    run(bench.first, "16 00 000000 00");
    bench.first.close();
    assertEquals(GOOD, run(bench.second, "16 00 000000 00"));
    bench.target.resetUnit(0);
    assertEquals("06/29/03", attention(bench.third));
    assertEquals("rw", access(bench.third));
  }

  /** SPC-2 §5.5.1: one kind of reservation excludes the other, whoever asks. */
  @Test
  void theTwoKindsExcludeEachOther() {
    run(bench.first, "16 00 000000 00");
    assertEquals(CONFLICT, out(bench.first, REGISTER, 0, 0, 0xA));
    assertEquals(CONFLICT, run(bench.first, "5E 00 0000000000 00FF 00"));
    run(bench.first, "17 00 000000 00");
    register(bench.first, 0xA);
    assertEquals(CONFLICT, run(bench.first, "16 00 000000 00"));
    assertEquals(CONFLICT, run(bench.second, "17 00 000000 00"));
  }
}
