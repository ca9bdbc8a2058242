// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.target.chap.ChapSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Set;

/**
 * A secret of CHAP as an administrator and firmware write it: 12 to 255 printable ASCII characters
 * without a space. Its text is asked for by name and never printed by accident.
 */
public final class Secret {
  /** 22 of 64 characters are 132 random bits (RFC 7143 §9.2.1 asks for up to 128). */
  private static final int GENERATED = 22;

  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_WRITE);

  private final String text;
  private final ChapSecret bytes;

  /**
   * Checks a text.
   *
   * @throws InvalidClientException that does not show it
   */
  public Secret(String text) {
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
      throw new InvalidClientException(
          "a CHAP secret holds printable ASCII characters and no space: firmware can write no"
              + " other");
    }
    try {
      bytes = new ChapSecret(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException e) {
      throw new InvalidClientException(String.valueOf(e.getMessage()));
    }
    this.text = text;
  }

  /** A new one of 132 random bits. */
  public static Secret generate() {
    SecureRandom random = new SecureRandom();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < GENERATED; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return new Secret(text.toString());
  }

  /**
   * Reads one from a file of one line, which nobody but its owner may read.
   *
   * @throws InvalidClientException naming the file, and what to do
   */
  public static Secret read(Path file) {
    try {
      if (file.getFileSystem().supportedFileAttributeViews().contains("posix")
          && Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
        throw new InvalidClientException(
            "%s is open to other users: run 'chmod 600 %s'".formatted(file, file));
      }
      if (Files.size(file) > 2 * 255) {
        throw new InvalidClientException("%s is too long for one secret".formatted(file));
      }
      return new Secret(Files.readString(file, StandardCharsets.ISO_8859_1).stripTrailing());
    } catch (InvalidClientException e) {
      throw new InvalidClientException(
          String.valueOf(e.getMessage()).contains(file.toString())
              ? String.valueOf(e.getMessage())
              : "%s: %s".formatted(file, e.getMessage()));
    } catch (NoSuchFileException e) {
      throw new InvalidClientException(
          "there is no file %s: write the secret into it, as its one line".formatted(file));
    } catch (IOException e) {
      throw new InvalidClientException("%s cannot be read as a secret: %s".formatted(file, e));
    }
  }

  /** The secret itself: for the registry's file, and for whoever hands it to its client. */
  public String text() {
    return text;
  }

  ChapSecret bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret
        && MessageDigest.isEqual(
            text.getBytes(StandardCharsets.US_ASCII),
            secret.text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return "(not shown)";
  }
}
