// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Binary values (RFC 7143 §6.1). */
class BinaryValueTest {
  private static final byte[] BYTES = {0x01, (byte) 0xAB, 0x00, (byte) 0xFF};

  @ParameterizedTest
  @ValueSource(strings = {"0x01ab00ff", "0X01AB00FF", "0x1ab00ff", "0bAasA/w==", "0BAasA/w"})
  void hexadecimalAndBase64AreRead(String text) throws Exception {
    assertArrayEquals(BYTES, BinaryValue.decode(text, 4));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0x",
        "0b",
        "17",
        "01ab00ff",
        "0xg1",
        "0x 1",
        "0b****",
        "0x01ab00ff00",
        "0bAasA/wA=",
      })
  void allElseIsRefused(String text) {
    assertThrows(NegotiationException.class, () -> BinaryValue.decode(text, 4));
  }

  @Test
  void aValueIsWrittenInHexadecimalWithItsLeadingZeros() throws Exception {
    assertEquals("0x01ab00ff", BinaryValue.encode(BYTES));
    assertArrayEquals(BYTES, BinaryValue.decode(BinaryValue.encode(BYTES), 4));
  }

  @Test
  void theBoundIsThatOfTheBytesAndNotOfTheText() throws Exception {
    byte[] most = new byte[1024];
    assertArrayEquals(most, BinaryValue.decode(BinaryValue.encode(most), 1024));
    String longer = BinaryValue.encode(new byte[1025]);
    assertThrows(NegotiationException.class, () -> BinaryValue.decode(longer, 1024));
  }
}
