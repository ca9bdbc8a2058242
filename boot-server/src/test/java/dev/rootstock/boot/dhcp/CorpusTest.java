// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.dhcp.Decision.Silence;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
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
    assertEquals(golden(name + ".txt"), Corpus.text(Corpus.decision(name)));
  }

  /** Beside another server only boot firmware is answered: a renewing system is that server's. */
  @ParameterizedTest
  @MethodSource("names")
  void aProxyAnswersWhatFirmwareBroadcasts(String name) throws Exception {
    Decision decision = Corpus.proxied(name);
    if (Corpus.PROXIED.contains(name)) {
      assertEquals(golden(name + ".proxy.txt"), Corpus.text(decision));
    } else {
      assertInstanceOf(Silence.class, decision);
    }
  }

  /** A ROM that chose a boot server from a menu is answered with the item that it chose. */
  @Test
  void aBootServerSaysWhichItemItAnswers() throws Exception {
    assertEquals(
        golden(Corpus.TO_BOOT_SERVER + ".proxy.txt"),
        Corpus.text(Corpus.proxied(Corpus.TO_BOOT_SERVER)));
  }

  private static String golden(String file) {
    return new String(Corpus.bytes(file), StandardCharsets.US_ASCII);
  }
}
