// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"", "elevenchars", "twelve chars!", "twelve\tchars", "zw\u00f6lfZeichen!"})
  void whatFirmwareCannotWriteOrIsTooShortIsRefusedWithoutShowingIt(String text) {
    InvalidClientException e = assertThrows(InvalidClientException.class, () -> new Secret(text));
    assertTrue(text.isEmpty() || !String.valueOf(e.getMessage()).contains(text), e.getMessage());
  }

  @Test
  void aSecretHasUpTo255Characters() {
    assertEquals(255, new Secret("s".repeat(255)).text().length());
    assertThrows(InvalidClientException.class, () -> new Secret("s".repeat(256)));
  }

  /** RFC 7143 §9.2.1: 128 random bits; 22 characters of 64 are 132. */
  @Test
  void aGeneratedSecretIsLongAndNeverTheSame() {
    Secret one = Secret.generate();
    assertEquals(22, one.text().length());
    assertNotEquals(one, Secret.generate());
    assertTrue(one.text().matches("[A-Za-z0-9_-]+"), one.text());
  }

  @Test
  void aSecretIsNotPrinted() {
    assertFalse(new Chap(pair("c", "secret-of-the-client"), null, true).toString().contains("of"));
  }

  @Test
  void aFileOfOneLineIsRead() throws Exception {
    Path file = file("secret-of-the-client\n", "rw-------");
    assertEquals(new Secret("secret-of-the-client"), Secret.read(file));
  }

  @Test
  void aFileThatOthersMayReadIsRefused() throws Exception {
    Path file = file("secret-of-the-client\n", "rw-r-----");
    InvalidClientException e = assertThrows(InvalidClientException.class, () -> Secret.read(file));
    assertTrue(String.valueOf(e.getMessage()).contains("chmod 600"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "short\n", "two-lines-are\nno-secret-at-all\n"})
  void aFileThatHoldsNoSecretIsRefusedByName(String content) throws Exception {
    Path file = file(content, "rw-------");
    InvalidClientException e = assertThrows(InvalidClientException.class, () -> Secret.read(file));
    assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
  }

  @Test
  void aFileThatIsNotThereIsRefusedByName() {
    InvalidClientException e =
        assertThrows(InvalidClientException.class, () -> Secret.read(folder.resolve("nothing")));
    assertTrue(String.valueOf(e.getMessage()).contains("nothing"), e.getMessage());
  }

  /** RFC 7143 §9.2.1. */
  @Test
  void oneSecretForBothDirectionsIsRefused() {
    Chap.Pair own = pair("c", "secret-of-the-client");
    Chap.Pair target = pair("t", "secret-of-the-client");
    assertThrows(InvalidClientException.class, () -> new Chap(own, target, false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\nb", "\u00e4"})
  void aNameThatFirmwareCannotWriteIsRefused(String user) {
    assertThrows(InvalidClientException.class, () -> pair(user, "secret-of-the-client"));
  }

  private Path file(String content, String mode) throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static Chap.Pair pair(String user, String secret) {
    return new Chap.Pair(user, new Secret(secret));
  }
}
