// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** SAM-5, unit attention conditions. */
class UnitAttentionsTest {
  private final UnitAttentions attentions = new UnitAttentions();

  @Test
  void theyAreTakenInTheOrderTheyCame() {
    attentions.add(UnitAttentions.RESET_OCCURRED);
    attentions.add(UnitAttentions.DEVICE_RESET_OCCURRED);
    assertEquals(UnitAttentions.RESET_OCCURRED, attentions.take());
    assertTrue(attentions.waiting());
    assertEquals(UnitAttentions.DEVICE_RESET_OCCURRED, attentions.take());
    assertFalse(attentions.waiting());
    assertNull(attentions.take());
  }

  @Test
  void theSameOneWaitsOnce() {
    attentions.add(UnitAttentions.RESET_OCCURRED);
    attentions.add(UnitAttentions.RESET_OCCURRED);
    attentions.take();
    assertFalse(attentions.waiting());
  }

  @Test
  void tooManyBecomeOneReset() {
    for (int i = 0; i <= Limits.MAX_UNIT_ATTENTIONS; i++) {
      attentions.add(new Sense(Sense.UNIT_ATTENTION, 0x2A, i));
    }
    assertEquals(UnitAttentions.RESET_OCCURRED, attentions.take());
    assertNull(attentions.take());
  }
}
