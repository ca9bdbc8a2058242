// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7143 §4.2.7, RFC 3722, RFC 3980. */
class IscsiNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        // RFC 7143 §4.2.7.4.
        "iqn.2001-04.com.example:storage:diskarrays-sn-a8675309",
        "iqn.2001-04.com.example",
        "iqn.2001-04.com.example:storage.tape1.sys1.xyz",
        "iqn.2001-04.com.example:storage.disk2.sys1.xyz",
        "iqn.2010-04.org.ipxe:00000000-0000-0000-0000-000000000000",
        "eui.02004567a425678d",
        "naa.52004567ba64678d",
        "naa.62004567ba64678d0123456789abcdef",
        "iqn.2001-04.com.example:höhe"
      })
  void acceptsNamesInNormalForm(String name) throws Exception {
    assertEquals(name, IscsiName.parse(name).value());
    assertEquals(name, new IscsiName(name).value());
  }

  @ParameterizedTest
  @CsvSource({
    // RFC 7143 §4.2.7.5 and .6, RFC 3722 §2: upper case is mapped.
    "eui.02004567A425678D, eui.02004567a425678d",
    "naa.52004567BA64678D, naa.52004567ba64678d",
    "IQN.2001-04.COM.Example:Disk, iqn.2001-04.com.example:disk",
    // Form KC: a full-width letter and a decomposed one.
    "iqn.2001-04.com.example:\uff41, iqn.2001-04.com.example:a",
    "iqn.2001-04.com.example:o\u0308, iqn.2001-04.com.example:\u00f6",
    // RFC 3454, table B.2.
    "iqn.2001-04.com.example:GR\u00d6\u00dfE, iqn.2001-04.com.example:gr\u00f6sse",
    "iqn.2001-04.com.example:\u039f\u03a3, iqn.2001-04.com.example:\u03bf\u03c3"
  })
  void mapsInputToItsNormalForm(String input, String name) throws Exception {
    assertEquals(name, IscsiName.parse(input).value());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 0 | begins with",
        "disk | 0 | begins with",
        "iqn | 0 | begins with",
        "iqn. | 4 | year",
        "iqn.01-04.com.example | 4 | year",
        "iqn.2001-00.com.example | 4 | year",
        "iqn.2001-4.com.example | 4 | year",
        "iqn.2001-04com.example | 4 | year",
        "iqn.2001-04. | 12 | empty part",
        "iqn.2001-04.:x | 12 | empty part",
        "iqn.2001-04.com..example | 16 | empty part",
        "iqn.2001-04.com.:x | 16 | empty part",
        "iqn.2001-04.com.example: x | 24 | U+0020",
        "iqn.2001-04.com.example:a/b | 25 | '/'",
        "iqn.2001-04.com.example:a\u3002b | 25 | U+3002",
        "iqn.2001-04.com.example:a\u00a0b | 25 | U+00A0",
        "iqn.2001-04.com.example:a\u200eb | 25 | U+200E",
        "iqn.2001-04.com.example:a\ue000 | 25 | U+E000",
        "iqn.2001-04.com.example:a\ud800 | 25 | U+D800",
        "eui.02004567a425678 | 19 | 16",
        "eui.02004567a425678d0 | 21 | 16",
        "eui.02004567a425678g | 19 | none",
        "naa.52004567ba64678d0 | 21 | 16 or 32",
        "naa. | 4 | 16 or 32"
      })
  void saysWhatIsWrongAtWhichCharacter(String text, int offset, String problem) {
    SyntaxException error = assertThrows(SyntaxException.class, () -> IscsiName.parse(text));

    assertTrue(error.problem().contains(problem), error.getMessage());
    assertEquals(offset, error.offset(), error.getMessage());
  }

  @Test
  void hasAtMost223BytesInUtf8() throws Exception {
    String start = "iqn.2001-04.com.example:";
    assertEquals(223, IscsiName.parse(start + "a".repeat(199)).value().length());
    assertThrows(SyntaxException.class, () -> IscsiName.parse(start + "a".repeat(200)));
    assertThrows(SyntaxException.class, () -> IscsiName.parse(start + "ö".repeat(100)));
  }

  @Test
  void everyCharacterIsTakenOrRefusedAndNothingElse() {
    int taken = 0;
    // Beyond the basic plane, where little is decided by single characters, every 97th.
    for (int c = 0; c <= Character.MAX_CODE_POINT; c += c < 0x10000 ? 1 : 97) {
      String text = "iqn.2001-04.com.example:" + Character.toString(c);
      try {
        String name = IscsiName.parse(text).value();
        assertEquals(name, new IscsiName(name).value());
        taken++;
      } catch (SyntaxException e) {
        assertTrue(e.offset() <= text.length());
      }
    }
    assertTrue(taken > 30_000, taken + " were taken");
  }

  @Test
  void cannotBeMadeInAnotherForm() {
    assertThrows(IllegalArgumentException.class, () -> new IscsiName("iqn.2001-04.COM.example"));
  }
}
