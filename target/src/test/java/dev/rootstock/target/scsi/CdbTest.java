// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CdbTest {
  private static final String COUNTING = "000102030405060708090A0B0C0D0E0F";
  private final Cdb cdb = Bench.cdb(COUNTING);

  @Test
  void fieldsAreBigEndianWhereverTheyLie() {
    for (int i = 0; i < 16; i++) {
      assertEquals(Integer.parseInt(COUNTING.substring(2 * i, 2 * i + 2), 16), cdb.u8(i));
    }
    for (int i = 0; i <= 14; i++) {
      assertEquals(Integer.parseInt(COUNTING.substring(2 * i, 2 * i + 4), 16), cdb.u16(i));
    }
    for (int i = 0; i <= 13; i++) {
      assertEquals(Integer.parseInt(COUNTING.substring(2 * i, 2 * i + 6), 16), cdb.u24(i));
    }
    for (int i = 0; i <= 12; i++) {
      assertEquals(Long.parseLong(COUNTING.substring(2 * i, 2 * i + 8), 16), cdb.u32(i));
    }
    for (int i = 0; i <= 8; i++) {
      assertEquals(Long.parseLong(COUNTING.substring(2 * i, 2 * i + 16), 16), cdb.u64(i));
    }
  }

  @Test
  void fourBytesAreUnsigned() {
    assertEquals(0xFFFF_FFFFL, Bench.cdb("0000FFFFFFFF").u32(2));
  }

  @Test
  void aBitIsCountedFromTheLeastSignificant() {
    Cdb fua = Bench.cdb("2808");
    assertEquals("false false false true false", bits(fua));
  }

  private static String bits(Cdb cdb) {
    StringBuilder bits = new StringBuilder();
    for (int bit = 0; bit < 5; bit++) {
      bits.append(bit == 0 ? "" : " ").append(cdb.bit(1, bit));
    }
    return bits.toString();
  }

  @Test
  void logsShowAllBytes() {
    assertEquals("000102030405060708090a0b0c0d0e0f", cdb.toString());
  }
}
