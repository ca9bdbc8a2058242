// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.util.concurrent.CompletionStage;

/**
 * A few bytes that a logical unit remembers through power loss: its persistent reservations, when
 * an initiator asked for that (SPC-4 §5.13.5, APTPL). Whoever leases the unit keeps them with the
 * client; what they mean is the target's business.
 */
public interface UnitMemory {

  /** What was saved last, or nothing; answers without waiting. */
  byte[] load();

  /**
   * Replaces what is remembered. Several calls take effect in their order.
   *
   * @param state at most 64 KiB; empty to forget
   * @return completes when the bytes would survive power loss, exceptionally when they would not;
   *     the call itself does not wait
   */
  CompletionStage<Void> save(byte[] state);
}
