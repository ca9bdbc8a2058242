// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import dev.rootstock.boot.net.Bounded;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Machines that were taken for two clients at once and got no answer, for {@code status}. In memory
 * only, and bounded: those that asked longest ago are forgotten first.
 */
public final class DisputedMachines {
  /** Machines that are remembered. */
  static final int MOST = 64;

  private final Clock clock;
  private final Bounded<String, Dispute> disputes = new Bounded<>(MOST);

  /**
   * One machine.
   *
   * @param machine its hardware address
   * @param reason one sentence
   * @param at when it asked last
   */
  public record Dispute(String machine, String reason, Instant at) {}

  public DisputedMachines() {
    this(Clock.systemUTC());
  }

  DisputedMachines(Clock clock) {
    this.clock = clock;
  }

  /** A machine asked. */
  public synchronized void asked(String machine, String reason) {
    disputes.put(machine, new Dispute(machine, reason, clock.instant()));
  }

  /** Those that asked, the latest first. */
  public synchronized List<Dispute> all() {
    return disputes.values().stream().sorted(Comparator.comparing(Dispute::at).reversed()).toList();
  }
}
