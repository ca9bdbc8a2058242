// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.chap;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The algorithms of CHAP by their numbers at IANA (registry "PPP Authentication Algorithms"). MD5
 * is the one that everybody has to offer (RFC 7143 §12.1.3).
 */
public enum ChapAlgorithm {
  MD5(5, "MD5", 16),
  SHA1(6, "SHA-1", 20),
  SHA256(7, "SHA-256", 32),
  SHA3_256(8, "SHA3-256", 32);

  private final int number;
  private final String digest;
  private final int bytes;

  ChapAlgorithm(int number, String digest, int bytes) {
    this.number = number;
    this.digest = digest;
    this.bytes = bytes;
  }

  /** The algorithm of a number, if we have it. */
  public static Optional<ChapAlgorithm> of(int number) {
    return Arrays.stream(values()).filter(each -> each.number == number).findFirst();
  }

  /** Its number, as CHAP_A has it. */
  public int number() {
    return number;
  }

  /** The length of a response, and of the challenges that we make for it. */
  public int bytes() {
    return bytes;
  }

  /**
   * The digest over identifier, secret and challenge (RFC 1994 §4.1).
   *
   * @param identifier CHAP_I, 0 to 255
   */
  public byte[] response(int identifier, ChapSecret secret, byte[] challenge) {
    MessageDigest hash;
    try {
      hash = MessageDigest.getInstance(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no " + digest, e);
    }
    hash.update((byte) identifier);
    hash.update(secret.bytes());
    return hash.digest(challenge);
  }
}
