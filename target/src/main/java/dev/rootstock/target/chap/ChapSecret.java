// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.chap;

import dev.rootstock.target.wire.Limits;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A secret of CHAP: 12 to 255 bytes (RFC 7143 §9.2.1 asks for 96 bits at least). Never shown: a
 * class and no record, so that no log line prints it by accident.
 */
public final class ChapSecret {
  private final byte[] bytes;

  /**
   * Takes a copy.
   *
   * @throws IllegalArgumentException in one sentence, without the secret, when it is too short or
   *     too long
   */
  public ChapSecret(byte[] secret) {
    if (secret.length < Limits.CHAP_SECRET_LEAST_BYTES
        || secret.length > Limits.CHAP_SECRET_MOST_BYTES) {
      throw new IllegalArgumentException(
          "a CHAP secret has %d to %d bytes, and this one has %d"
              .formatted(
                  Limits.CHAP_SECRET_LEAST_BYTES, Limits.CHAP_SECRET_MOST_BYTES, secret.length));
    }
    bytes = secret.clone();
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChapSecret secret && MessageDigest.isEqual(bytes, secret.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "a CHAP secret";
  }
}
