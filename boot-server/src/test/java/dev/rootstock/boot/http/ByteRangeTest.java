// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9110 §14.1 and §14.2, on a file of 1000 bytes. */
class ByteRangeTest {

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 1",
    "bytes=0-999, 0, 1000",
    "bytes=10-, 10, 1000",
    "bytes=900-5000, 900, 1000",
    "bytes=-10, 990, 1000",
    "bytes=-5000, 0, 1000",
  })
  void aRangeIsCutToTheFile(String header, long from, long to) throws Exception {
    assertEquals(new ByteRange(from, to, true), ByteRange.of(header, 1000));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=0-1,5-6",
        "lines=1-2",
        "bytes=a-b",
        "bytes=99999999999999999999-"
      })
  void whatIsNoSingleRangeIsIgnored(String header) throws Exception {
    assertEquals(new ByteRange(0, 1000, false), ByteRange.of(header, 1000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=1000-", "bytes=1000-2000", "bytes=-0"})
  void aRangeOutsideOfTheFileCannotBeSatisfied(String header) {
    assertThrows(ByteRange.NotSatisfiableException.class, () -> ByteRange.of(header, 1000));
  }

  @Test
  void anEmptyFileHasNoRange() throws Exception {
    assertEquals(new ByteRange(0, 0, false), ByteRange.of(null, 0));
    assertThrows(ByteRange.NotSatisfiableException.class, () -> ByteRange.of("bytes=0-", 0));
  }
}
