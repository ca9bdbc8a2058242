// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.chap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses (RFC 1994 §4.1), and what a secret and an account may be (RFC 7143 §9.2.1). */
class ChapAlgorithmTest {
  private static final ChapSecret SECRET = secret("a secret of CHAP");

  /** What Python's hashlib makes of identifier, secret and challenge. */
  @ParameterizedTest
  @CsvSource({
    "5, b0487ee32b2bf2b17f807ef22934233d",
    "6, 20e0a2e30176967abf22c1399cf9ea8f4667b968",
    "7, c6878a3c88049938f40efc2ecae0e8b554fb2fa7e35454baef3b67c4be0bbe0e",
    "8, 40993b3dc371fa43a574a6c5776b331e374ee7822570f6069046b143450a5722",
  })
  void aResponseIsTheDigestOfIdentifierSecretAndChallenge(int number, String expected) {
    byte[] challenge = new byte[16];
    for (int i = 0; i < challenge.length; i++) {
      challenge[i] = (byte) i;
    }
    ChapAlgorithm algorithm = ChapAlgorithm.of(number).orElseThrow();
    byte[] response = algorithm.response(0xA5, SECRET, challenge);
    assertEquals(expected, HexFormat.of().formatHex(response));
    assertEquals(algorithm.bytes(), response.length);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 9, 128, 255})
  void otherNumbersAreNoAlgorithm(int number) {
    assertEquals(Optional.empty(), ChapAlgorithm.of(number));
  }

  @Test
  void aSecretHas96BitsAtLeast() {
    assertThrows(IllegalArgumentException.class, () -> new ChapSecret(new byte[11]));
    assertEquals(new ChapSecret(new byte[12]), new ChapSecret(new byte[12]));
    assertThrows(IllegalArgumentException.class, () -> new ChapSecret(new byte[256]));
    assertNotEquals(new ChapSecret(new byte[255]), new ChapSecret(new byte[254]));
  }

  @Test
  void aSecretIsNeverShown() {
    ChapAccount account =
        new ChapAccount(
            new ChapCredentials("c1", SECRET),
            new ChapCredentials("rootstock", secret("another secret of CHAP")));
    assertFalse(account.toString().contains("a secret of"), account.toString());
    assertFalse(account.toString().contains("another"), account.toString());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> secret("too-short"));
    assertFalse(String.valueOf(e.getMessage()).contains("too-short"), e.getMessage());
  }

  /** §9.2.1: a secret of one direction must not be that of the other. */
  @Test
  void oneSecretForBothDirectionsIsRefused() {
    ChapCredentials own = new ChapCredentials("c1", SECRET);
    ChapCredentials target = new ChapCredentials("rootstock", secret("a secret of CHAP"));
    assertThrows(IllegalArgumentException.class, () -> new ChapAccount(own, target));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a\nb", "a\0b"})
  void aNameThatTheTextFormatCannotHoldIsRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> new ChapCredentials(name, SECRET));
  }

  private static ChapSecret secret(String text) {
    return new ChapSecret(text.getBytes(US_ASCII));
  }
}
