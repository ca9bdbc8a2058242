// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rootstock.target.wire.Limits;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text format of RFC 7143 §6.1 and its bounds. */
class KeyValuesTest {

  @Test
  void keysAndValuesAreReadInOrder() throws Exception {
    assertEquals(KeyValues.of("A", "1", "B", "", "A", "x=y"), parse("A=1\0B=\0A=x=y\0"));
  }

  @Test
  void whatIsReadIsWrittenTheSame() throws Exception {
    String text = "InitiatorName=iqn.2001-04.com.example\0TargetAlias=grüße\0";
    assertEquals(text, new String(parse(text).encode(), StandardCharsets.UTF_8));
  }

  @Test
  void anEmptyTextHasNoKeys() throws Exception {
    assertEquals(KeyValues.of(), parse(""));
  }

  @Test
  void nullsThatPadATextAreIgnored() throws Exception {
    assertEquals(KeyValues.of("A", "1"), parse("A=1\0\0\0"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A=1", // no delimiter at the end
        "novalue\0",
        "=x\0",
        "1A=x\0",
        "A b=x\0",
        "\u00c4=x\0",
        "A123456789012345678901234567890123456789012345678901234567890123=x\0",
      })
  void aTextThatBreaksTheFormatIsRefused(String text) {
    assertThrows(NegotiationException.class, () -> parse(text));
  }

  @Test
  void bytesThatAreNotUtf8AreRefused() {
    byte[] text = {'A', '=', (byte) 0xC3, '(', 0};
    assertThrows(NegotiationException.class, () -> KeyValues.parse(text));
  }

  @Test
  void moreKeysThanTheBoundAreRefused() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Limits.TEXT_KEYS; i++) {
      text.append("K").append(i).append("=v\0");
    }
    assertEquals(Limits.TEXT_KEYS, parse(text.toString()).pairs().size());
    text.append("Z=v\0");
    assertThrows(NegotiationException.class, () -> parse(text.toString()));
  }

  private static KeyValues parse(String text) throws NegotiationException {
    return KeyValues.parse(text.getBytes(StandardCharsets.UTF_8));
  }
}
