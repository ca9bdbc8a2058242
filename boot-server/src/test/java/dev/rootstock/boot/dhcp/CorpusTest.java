// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every packet of the corpus gets the answer that stands beside it, to the last option. */
class CorpusTest {
  static List<String> names() {
    return Corpus.NAMES;
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyClientGetsItsAnswer(String name) throws Exception {
    assertEquals(
        new String(Corpus.bytes(name + ".txt"), StandardCharsets.US_ASCII),
        Corpus.text(Corpus.decision(name)));
  }
}
