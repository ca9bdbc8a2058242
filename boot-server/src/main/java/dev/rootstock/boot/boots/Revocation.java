// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The target's side of fencing: {@link dev.rootstock.target.IscsiTarget#revoke}. */
@FunctionalInterface
public interface Revocation {
  /** Where no target runs there is no session to close. */
  Revocation WITHOUT_TARGET =
      (target, generation, reason) -> CompletableFuture.completedFuture(null);

  /**
   * Closes the sessions of a target of this generation and older ones, those in the making too.
   *
   * @return completes when no command of them can reach its disk
   */
  CompletionStage<Void> revoke(String targetName, long generation, String reason);
}
