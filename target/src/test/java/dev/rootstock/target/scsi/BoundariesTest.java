// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The last block and what lies behind it, for every command that names a range of blocks (SBC-3).
 * Each row has the CDB with its LBA, its number of blocks and its group number left open, and how
 * many blocks of data go with one block of the range.
 */
class BoundariesTest {
  private static final long LAST = Bench.BLOCKS - 1;

  private final Bench bench = Bench.writable();

  private static String cdb(String form, long lba, int blocks, int group) {
    String filled = form.replace(" ", "");
    filled = fill(filled, 'l', lba);
    filled = fill(filled, 'n', blocks);
    return fill(filled, 'g', group);
  }

  /** Puts a number in the place of a run of one letter. */
  private static String fill(String form, char letter, long value) {
    int from = form.indexOf(letter);
    int digits = form.lastIndexOf(letter) + 1 - from;
    return from < 0
        ? form
        : form.substring(0, from)
            + String.format("%0" + digits + "x", value)
            + form.substring(from + digits);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "28 00 llllllll gg nnnn 00, 0",
    "A8 00 llllllll nnnnnnnn gg 00, 0",
    "88 00 llllllllllllllll nnnnnnnn gg 00, 0",
    "2A 00 llllllll gg nnnn 00, 1",
    "AA 00 llllllll nnnnnnnn gg 00, 1",
    "8A 00 llllllllllllllll nnnnnnnn gg 00, 1",
    "2E 00 llllllll gg nnnn 00, 1",
    "AE 00 llllllll nnnnnnnn gg 00, 1",
    "8E 00 llllllllllllllll nnnnnnnn gg 00, 1",
    "2F 00 llllllll gg nnnn 00, 0",
    "AF 00 llllllll nnnnnnnn gg 00, 0",
    "8F 00 llllllllllllllll nnnnnnnn gg 00, 0",
    "2F 02 llllllll gg nnnn 00, 1",
    "34 00 llllllll gg nnnn 00, 0",
    "90 00 llllllllllllllll nnnnnnnn gg 00, 0",
    "35 00 llllllll gg nnnn 00, 0",
    "91 00 llllllllllllllll nnnnnnnn gg 00, 0",
    "89 00 llllllllllllllll 000000 nn gg 00, 2",
    "8B 00 llllllllllllllll nnnnnnnn gg 00, 1",
  })
  void whatEndsWithTheLastBlockIsTakenAndNothingBehindIt(String form, int dataBlocks) {
    bench.good(cdb(form, LAST, 1, 0x1F), new byte[512 * dataBlocks]);
    bench.good(cdb(form, LAST, 0, 0), new byte[0]);
    String nothing = cdb(form, LAST + 1, 0, 0);
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense(nothing), "no block, behind the end");
    String two = cdb(form, LAST, 2, 0);
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense(two, new byte[1024 * dataBlocks]));
    assertNotEquals(Sense.LBA_OUT_OF_RANGE, bench.sense(cdb(form, LAST, 1, 0x20)), "group");
  }

  /** Zero blocks would mean all to the end, which VPD page B0 says is refused (WSNZ). */
  @ParameterizedTest(name = "{0}")
  @CsvSource({"41 00 llllllll gg nnnn 00, 7", "93 00 llllllllllllllll nnnnnnnn gg 00, 10"})
  void aWriteSameAtTheEnd(String form, int countField) {
    byte[] block = new byte[512];
    bench.good(cdb(form, LAST, 1, 0x1F), block);
    assertEquals(Sense.LBA_OUT_OF_RANGE, bench.sense(cdb(form, LAST, 2, 0), block));
    assertEquals(Sense.invalidCdbField(countField, 7), bench.sense(cdb(form, LAST, 0, 0), block));
  }

  /** A list that is cut off says all the same how long it would be (SPC-4 §4.2.5.6). */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "12 00 00 nnnn 00, 96",
    "12 01 83 nnnn 00, -1",
    "A0 00 00 000000 nnnnnnnn 00 00, 16",
    "9E 10 0000000000000000 nnnnnnnn 00 00, 32",
    "9E 12 0000000000000000 nnnnnnnn 00 00, 24",
    "A3 0A 00000000 nnnnnnnn 00 00, 16",
    "A3 0C 00 00 0000 nnnnnnnn 00 00, -1",
    "A3 0D 80 000000 nnnnnnnn 00 00, 16",
    "5E 00 0000000000 nnnn 00, 8",
    "5E 01 0000000000 nnnn 00, 8",
    "5E 02 0000000000 nnnn 00, 8",
    "1A 00 3F 00 nn 00, -1",
    "5A 00 3F 00 000000 nnnn 00, -1",
    "4D 00 40 00 00 0000 nnnn 00, 6",
    "03 00 0000 nn 00, 18",
  })
  void anAllocationLengthCutsTheAnswerAndChangesNothingInIt(String form, int bytes) {
    String whole = bench.data(cdb(form, 0, 0xFF, 0));
    if (bytes >= 0) {
      assertEquals(bytes, whole.length() / 2);
    }
    for (int length : new int[] {0, 1, 4, 5}) {
      String cut = bench.data(cdb(form, 0, length, 0));
      assertEquals(whole.substring(0, 2 * length), cut);
    }
  }
}
