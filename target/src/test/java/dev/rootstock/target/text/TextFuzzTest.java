// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.List;

/** Text keys of a stranger: in the format or refused, and never more answers than keys. */
class TextFuzzTest {

  @FuzzTest(maxDuration = "10m")
  void aTextIsParsedOrRefused(FuzzedDataProvider input) {
    SessionKind kind = input.pickValue(SessionKind.values());
    Negotiation negotiation = new Negotiation();
    while (input.remainingBytes() > 0) {
      Phase phase = input.pickValue(Phase.values());
      byte[] text =
          input.consumeBoolean()
              ? input.consumeBytes(300)
              : KeyValues.of(
                      input.pickValue(TextKey.values()).text(), input.consumeString(60) + "\0")
                  .encode();
      List<KeyValues.Pair> answers = new ArrayList<>();
      try {
        KeyValues keys = KeyValues.parse(text);
        assertEquals(keys, KeyValues.parse(keys.encode()));
        negotiation.receive(keys, phase, kind, answers);
        assertTrue(answers.size() <= keys.pairs().size());
      } catch (NegotiationException refused) {
        assertTrue(refused.getMessage() != null);
        return;
      }
    }
  }
}
