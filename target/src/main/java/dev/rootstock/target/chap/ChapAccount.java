// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.chap;

import org.jspecify.annotations.Nullable;

/**
 * One way to be let in.
 *
 * @param initiator by what the initiator proves itself
 * @param target by what the target proves itself to this initiator; null where it cannot, so that
 *     an initiator that asks for it is refused (RFC 7143 §12.1.3)
 */
public record ChapAccount(ChapCredentials initiator, @Nullable ChapCredentials target) {
  public ChapAccount {
    // §9.2.1: a secret is never used in both directions.
    if (target != null && target.secret().equals(initiator.secret())) {
      throw new IllegalArgumentException(
          "the secrets of both directions of CHAP are the same: make another one");
    }
  }
}
