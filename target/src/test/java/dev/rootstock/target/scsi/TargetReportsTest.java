// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Reports about the target and its ports (SPC-4), and READ DEFECT DATA (SBC-3). */
class TargetReportsTest {
  private static final String GROUP = "00" + "01" + "0001" + "00000001" + "00000001";

  private final Bench bench = Bench.writable();

  /** SPC-4 §6.37: active/optimized, and no other state is supported. */
  @Test
  void thereIsOnePortGroupOfOnePort() {
    assertEquals("0000000c" + GROUP, bench.data("A3 0A 00000000 000000FF 00 00"));
    assertEquals("00000010" + "10000000" + GROUP, bench.data("A3 2A 00000000 000000FF 00 00"));
    assertEquals("0000000c", bench.data("A3 0A 00000000 00000004 00 00"));
    assertEquals(Sense.invalidCdbField(1, 7), bench.sense("A3 4A 00000000 000000FF 00 00"));
  }

  /** SPC-4 §6.36: ABORT TASK, ABORT and CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET. */
  @Test
  void taskManagementFunctionsAreThoseOfIscsi() {
    assertEquals("da000000", bench.data("A3 0D 00 000000 000000FF 00 00"));
    assertEquals("da00000c" + "00".repeat(12), bench.data("A3 0D 80 000000 000000FF 00 00"));
  }

  @Test
  void thereAreNoDefects() {
    assertEquals("001d0000", bench.data("37 00 1D 00000000 00FF 00"));
    assertEquals("001d000000000000", bench.data("B7 1D 00000000 000000FF 00 00"));
  }
}
