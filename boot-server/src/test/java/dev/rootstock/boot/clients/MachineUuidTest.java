// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UUIDs of machines, which firmware writes in two orders. */
class MachineUuidTest {
  private static final UUID PRINTED = UUID.fromString("11223344-5566-7788-99aa-bbccddeeff00");
  private static final UUID AS_IN_SMBIOS = UUID.fromString("44332211-6655-8877-99aa-bbccddeeff00");

  @Test
  void theFirstThreeFieldsMayStandInEitherOrder() {
    assertEquals(AS_IN_SMBIOS, MachineUuid.swapped(PRINTED));
    assertTrue(MachineUuid.same(PRINTED, AS_IN_SMBIOS));
    assertEquals(MachineUuid.either(PRINTED), MachineUuid.either(AS_IN_SMBIOS));
  }

  @Test
  void bytesWithTheirHighestBitSetStayInTheirField() {
    UUID uuid = UUID.fromString("f1f2f3f4-e1e2-d1d2-c1c2-b1b2b3b4b5b6");
    assertEquals(
        UUID.fromString("f4f3f2f1-e2e1-d2d1-c1c2-b1b2b3b4b5b6"), MachineUuid.swapped(uuid));
  }

  @Test
  void anotherOrderOfTheRestIsAnotherMachine() {
    assertFalse(MachineUuid.same(PRINTED, UUID.fromString("11223344-5566-7788-aa99-bbccddeeff00")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1-2-3-4-5",
        "112233445566778899aabbccddeeff00",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009"
      })
  void whatTellsNoMachineIsRefused(String text) {
    assertThrows(InvalidClientException.class, () -> MachineUuid.parse(text));
  }

  @Test
  void theUuidOfManyBoardsIsSaidToBeThat() {
    InvalidClientException refused =
        assertThrows(
            InvalidClientException.class,
            () -> MachineUuid.parse("03000200-0400-0500-0006-000700080009"));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("of many boards whose maker set none"));
  }
}
