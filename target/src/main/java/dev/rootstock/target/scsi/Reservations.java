// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who may use a unit: {@link PersistentReservations} (SPC-4 §5.13) and the RESERVE and RELEASE that
 * came before them (SPC-2 §5.5.1). One excludes the other.
 *
 * <p><b>Threads.</b> Commands of several sessions, each on its event loop, meet here. Everything
 * that reads or changes the state holds this object's lock, for as long as it takes to look at a
 * parameter list and {@link Limits#MAX_REGISTRANTS} registrants and no longer; nobody is called
 * back under it but the {@link PersistentReservations.Keeper}, which only queues. {@link #inForce}
 * is a volatile hint for the hot path: while nobody has reserved anything, a command costs one read
 * of it.
 *
 * <p>A command that was decided before a reservation is not called back by it; who wants that has
 * PREEMPT AND ABORT.
 */
final class Reservations {
  static final Plan.Fail CONFLICT = new Plan.Fail(ScsiStatus.RESERVATION_CONFLICT, null);

  private final PersistentReservations persistent;

  /** Who has reserved with RESERVE. */
  private @Nullable Nexus reserver;

  private volatile boolean inForce;

  Reservations(ReservationState initial, PersistentReservations.Keeper keeper) {
    persistent = new PersistentReservations(initial, keeper);
    inForce = initial.type() != null;
  }

  /** Whether {@link #check} can refuse anything. */
  boolean inForce() {
    return inForce;
  }

  synchronized ReservationState state() {
    return persistent.state();
  }

  /** Runs a service action of PERSISTENT RESERVE OUT, which nothing comes in between. */
  synchronized PersistentReservations.Result change(
      Function<PersistentReservations, PersistentReservations.Result> action) {
    PersistentReservations.Result result = action.apply(persistent);
    hint();
    return result;
  }

  /** Refuses a command that conflicts, else gives null. */
  synchronized Plan.@Nullable Fail check(Nexus nexus, Access access) {
    if (access == Access.ALWAYS || access == Access.RESERVATION) {
      return null;
    }
    if (reserver != null) {
      return reserver == nexus ? null : CONFLICT;
    }
    ReservationType type = persistent.type();
    if (type == null || access == Access.STATUS || persistent.mayWrite(nexus.id(), type)) {
      return null;
    }
    return access == Access.READ && type.writeExclusive() ? null : CONFLICT;
  }

  synchronized Plan.Outcome reserve(Nexus nexus) {
    if (persistent.anyRegistered() || (reserver != null && reserver != nexus)) {
      return CONFLICT;
    }
    reserver = nexus;
    hint();
    return Plan.Respond.GOOD;
  }

  /** Who has nothing reserved releases nothing, and that is no error. */
  synchronized Plan.Outcome release(Nexus nexus) {
    if (persistent.anyRegistered()) {
      return CONFLICT;
    }
    lost(nexus);
    return Plan.Respond.GOOD;
  }

  /** The nexus is lost, and its RESERVE with it. Persistent reservations stay. */
  synchronized void lost(Nexus nexus) {
    if (reserver == nexus) {
      reserver = null;
      hint();
    }
  }

  /** The unit is reset: RESERVE ends, persistent reservations stay. */
  synchronized void reset() {
    reserver = null;
    hint();
  }

  /** The unit is powered on: what was not to survive that is gone. */
  synchronized void powerOn() {
    reserver = null;
    persistent.powerOn();
    hint();
  }

  /** Whether PERSISTENT RESERVE commands conflict, which they do while RESERVE is in force. */
  synchronized boolean reservedTheOldWay() {
    return reserver != null;
  }

  private void hint() {
    inForce = reserver != null || persistent.type() != null;
  }
}
