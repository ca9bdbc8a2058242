// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of machines that nobody named. */
class NamePatternTest {
  private static final MacAddress MAC = MacAddress.parse("00:54:00:77:00:0a");
  private static final UUID ID = UUID.fromString("11223344-5566-7788-99AA-BBCCDDEEFF00");

  @ParameterizedTest
  @CsvSource({
    "{mac}, 00540077000a",
    "lab-{mac}, lab-00540077000a",
    "{number}.lab, 7.lab",
    "n{uuid}, n112233445566778899aabbccddeeff00",
    "a{mac}-{number}, a00540077000a-7",
  })
  void gapsAreFilled(String pattern, String name) {
    assertEquals(
        Optional.of(new ClientName(name)), new NamePattern(pattern).name(MAC, Optional.of(ID), 7));
  }

  @Test
  void aMachineWithoutAUuidHasNoNameByIt() {
    assertEquals(Optional.empty(), new NamePattern("{uuid}").name(MAC, Optional.empty(), 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "lab",
        "{serial}",
        "{mac}{host}",
        "Lab-{mac}",
        "-{mac}",
        "lab/{mac}",
        "{mac}..{number}",
        "{mac",
        "{{mac}}",
        "lab-{mac}-{uuid}-and-some-more-text"
      })
  void whatCouldMakeNoNameIsRefused(String pattern) {
    String message =
        assertThrows(InvalidClientException.class, () -> new NamePattern(pattern)).getMessage();
    assertTrue(String.valueOf(message).contains("is no pattern of names"), message);
  }
}
