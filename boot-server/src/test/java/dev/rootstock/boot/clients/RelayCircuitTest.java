// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places by which machines are recognised (RFC 3046 §3.1, §3.2). */
class RelayCircuitTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "relay=10.77.1.1,circuit=ge-0/0/1",
        "relay=10.77.1.1,remote=0x0004ab",
        "relay=10.77.1.1,circuit=port=7,remote=0x2c",
        "relay=10.77.1.1,circuit=0x3078616263"
      })
  void whatIsWrittenReadsBack(String text) {
    assertEquals(text, RelayCircuit.parse(text).toString());
  }

  @Test
  void bytesOfAPacketAreTheTextThatAnAdministratorTypes() {
    assertEquals(
        Optional.of(RelayCircuit.parse("relay=10.77.1.1,circuit=eth1,remote=0x00ff")),
        RelayCircuit.of(
            Inet4Address.ofLiteral("10.77.1.1"), Optional.of("65746831"), Optional.of("00ff")));
  }

  @Test
  void anAgentThatNamesNoCircuitTellsNoPlace() {
    assertEquals(
        Optional.empty(),
        RelayCircuit.of(Inet4Address.ofLiteral("10.77.1.1"), Optional.empty(), Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ge-0/0/1",
        "relay=10.77.1.1,circuit=",
        "relay=10.77.1.1,circuit=0x0",
        "relay=10.77.1.1,circuit=0x",
        "relay=10.77.1.1,circuit=a,circuit=b",
        "relay=10.1,circuit=a",
        "relay=host,circuit=a",
        "port=7",
        "circuit=ge-0/0/1",
        "relay=10.77.1.1,circuit=a,",
        "relay=10.77.1.1,circuit=\u00e4"
      })
  void whatIsNoCircuitIsRefused(String text) {
    String message =
        assertThrows(InvalidClientException.class, () -> RelayCircuit.parse(text)).getMessage();
    assertTrue(String.valueOf(message).contains("is no circuit"), message);
  }

  @Test
  void anAgentAloneIsNoPlace() {
    assertThrows(InvalidClientException.class, () -> RelayCircuit.parse("relay=10.77.1.1"));
  }

  @Test
  void anIdentifierLongerThanASubOptionIsRefused() {
    String text = "relay=10.77.1.1,circuit=" + "a".repeat(256);
    assertThrows(InvalidClientException.class, () -> RelayCircuit.parse(text));
  }
}
