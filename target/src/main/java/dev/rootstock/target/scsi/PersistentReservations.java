// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.scsi.ReservationState.Registrant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The registrations with a unit and its persistent reservation (SPC-4 §5.13), and what each service
 * action of PERSISTENT RESERVE OUT makes of them. {@link Reservations} holds the lock under which
 * all of it runs.
 */
final class PersistentReservations {
  static final Sense RESERVATIONS_PREEMPTED = new Sense(Sense.UNIT_ATTENTION, 0x2A, 0x03);
  static final Sense RESERVATIONS_RELEASED = new Sense(Sense.UNIT_ATTENTION, 0x2A, 0x04);
  static final Sense REGISTRATIONS_PREEMPTED = new Sense(Sense.UNIT_ATTENTION, 0x2A, 0x05);
  static final Sense INSUFFICIENT_RESOURCES = new Sense(Sense.ILLEGAL_REQUEST, 0x55, 0x04);

  /** The service action makes no sense where nothing is reserved. */
  static final Sense NOTHING_TO_MOVE = Sense.invalidCdbField(1, 4);

  static final Sense INVALID_RELEASE = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x04);

  /**
   * Where SERVICE ACTION RESERVATION KEY stands in the parameter list of PERSISTENT RESERVE OUT.
   */
  static final int SERVICE_ACTION_KEY = 8;

  /** Told of each new state, in their order, under the lock: it may not wait. */
  @FunctionalInterface
  interface Keeper {
    void changed(ReservationState before, ReservationState now);
  }

  /** A unit attention for one nexus. */
  record Notice(NexusId nexus, Sense attention) {}

  /**
   * How a service action ended.
   *
   * @param refused null when it succeeded
   * @param notices what others have to be told
   * @param preempted whose registrations were taken away by PREEMPT
   */
  record Result(Plan.@Nullable Fail refused, List<Notice> notices, Set<NexusId> preempted) {
    static final Result DONE = new Result(null, List.of(), Set.of());

    static Result refused(Plan.Fail fail) {
      return new Result(fail, List.of(), Set.of());
    }

    static Result refused(Sense sense) {
      return refused(Plan.Fail.of(sense));
    }
  }

  /** What a registration asks for besides its key. */
  record Options(boolean allTargetPorts, boolean throughPowerLoss) {}

  private final Keeper keeper;
  private ReservationState state;

  PersistentReservations(ReservationState initial, Keeper keeper) {
    state = initial;
    this.keeper = keeper;
  }

  ReservationState state() {
    return state;
  }

  /** The type of the reservation, or null when there is none. */
  @Nullable ReservationType type() {
    return state.type();
  }

  boolean anyRegistered() {
    return !state.registrants().isEmpty();
  }

  /** Whether a nexus may do everything under a reservation of this type. */
  boolean mayWrite(NexusId id, ReservationType type) {
    if (id.equals(state.holder())) {
      return true;
    }
    return (type.allRegistrants() || type.registrantsOnly()) && find(id) != null;
  }

  /** The unit is powered on: what was not to survive that is gone. */
  void powerOn() {
    set(state.afterPowerOn());
  }

  /**
   * REGISTER (SPC-4 §5.13.7).
   *
   * @param own the nexus that the command came through, and after it those of the same initiator
   *     port through the other target ports if these are meant too (ALL_TG_PT)
   * @param key null where any existing key will do (REGISTER AND IGNORE EXISTING KEY)
   * @param others also to be registered (SPEC_I_PT)
   */
  Result register(
      List<NexusId> own, @Nullable Long key, long newKey, List<NexusId> others, Options options) {
    Registrant first = find(own.getFirst());
    if (key != null && (key != keyOf(own.getFirst()) || anotherKeyThan(key, own))) {
      return Result.refused(Reservations.CONFLICT);
    }
    if (newKey == 0) {
      return first == null ? Result.DONE : unregister(own, options);
    }
    Set<NexusId> fresh = new LinkedHashSet<>(others);
    own.forEach(fresh::remove);
    if (fresh.stream().anyMatch(other -> find(other) != null)) {
      return Result.refused(Reservations.CONFLICT);
    }
    fresh.addAll(own);
    Map<NexusId, Registrant> all = byNexus();
    for (NexusId each : fresh) {
      all.put(each, new Registrant(each, newKey, options.allTargetPorts()));
    }
    if (all.size() > Limits.MAX_REGISTRANTS) {
      return Result.refused(INSUFFICIENT_RESOURCES);
    }
    set(
        new ReservationState(
            state.generation() + 1,
            List.copyOf(all.values()),
            state.type(),
            state.holder(),
            options.throughPowerLoss()));
    return Result.DONE;
  }

  /** Whether one of these nexuses is registered, and by another key. */
  private boolean anotherKeyThan(long key, List<NexusId> nexuses) {
    return nexuses.stream()
        .map(this::find)
        .anyMatch(registrant -> registrant != null && registrant.key() != key);
  }

  private Result unregister(List<NexusId> own, Options options) {
    Map<NexusId, Registrant> all = byNexus();
    own.forEach(all::remove);
    ReservationType type = state.type();
    boolean released =
        type != null && (type.allRegistrants() ? all.isEmpty() : own.contains(state.holder()));
    List<Notice> notices =
        released && type != null && type.registrantsOnly()
            ? tell(all.keySet(), RESERVATIONS_RELEASED)
            : List.of();
    set(
        new ReservationState(
            state.generation() + 1,
            List.copyOf(all.values()),
            released ? null : type,
            released ? null : state.holder(),
            options.throughPowerLoss()));
    return new Result(null, notices, Set.of());
  }

  /** RESERVE (SPC-4 §5.13.9). */
  Result reserve(NexusId id, long key, ReservationType type) {
    if (!registered(id, key)) {
      return Result.refused(Reservations.CONFLICT);
    }
    if (state.type() != null) {
      boolean same = state.type() == type && mayHold(id);
      return same ? Result.DONE : Result.refused(Reservations.CONFLICT);
    }
    set(reservedBy(id, type, state.registrants(), state.generation()));
    return Result.DONE;
  }

  /** RELEASE (SPC-4 §5.13.11.2). */
  Result release(NexusId id, long key, ReservationType type) {
    if (!registered(id, key)) {
      return Result.refused(Reservations.CONFLICT);
    }
    ReservationType now = state.type();
    if (now == null || !mayHold(id)) {
      return Result.DONE;
    }
    if (now != type) {
      return Result.refused(INVALID_RELEASE);
    }
    set(unreserved());
    boolean tells = now.allRegistrants() || now.registrantsOnly();
    Set<NexusId> others = byNexus().keySet();
    others.remove(id);
    return new Result(null, tells ? tell(others, RESERVATIONS_RELEASED) : List.of(), Set.of());
  }

  /** CLEAR (SPC-4 §5.13.11.6). */
  Result clear(NexusId id, long key) {
    if (!registered(id, key)) {
      return Result.refused(Reservations.CONFLICT);
    }
    Set<NexusId> others = byNexus().keySet();
    others.remove(id);
    set(
        new ReservationState(
            state.generation() + 1, List.of(), null, null, state.throughPowerLoss()));
    return new Result(null, tell(others, RESERVATIONS_PREEMPTED), Set.of());
  }

  /**
   * PREEMPT, and what PREEMPT AND ABORT does to reservations (SPC-4 §5.13.11.4).
   *
   * @param type may be null unless it {@link #takesOver}
   */
  Result preempt(NexusId id, long key, long victim, @Nullable ReservationType type) {
    if (!registered(id, key)) {
      return Result.refused(Reservations.CONFLICT);
    }
    ReservationType now = state.type();
    boolean all = now != null && now.allRegistrants();
    if (victim == 0 && !all) {
      return Result.refused(Sense.invalidParameter(SERVICE_ACTION_KEY));
    }
    boolean takesOver = takesOver(victim);
    Map<NexusId, Registrant> kept = byNexus();
    Set<NexusId> removed = new LinkedHashSet<>();
    for (Registrant registrant : state.registrants()) {
      boolean spared = takesOver && registrant.nexus().equals(id);
      if (!spared && (victim == 0 || registrant.key() == victim)) {
        kept.remove(registrant.nexus());
        removed.add(registrant.nexus());
      }
    }
    if (!takesOver && removed.isEmpty()) {
      return Result.refused(Reservations.CONFLICT);
    }
    List<Registrant> left = List.copyOf(kept.values());
    int generation = state.generation() + 1;
    if (takesOver) {
      set(reservedBy(id, Objects.requireNonNull(type), left, generation));
    } else {
      boolean gone = left.isEmpty();
      set(
          new ReservationState(
              generation,
              left,
              gone ? null : now,
              gone ? null : state.holder(),
              state.throughPowerLoss()));
    }
    removed.remove(id);
    kept.remove(id);
    List<Notice> notices = new ArrayList<>(tell(removed, REGISTRATIONS_PREEMPTED));
    if (takesOver && now != type) {
      notices.addAll(tell(kept.keySet(), RESERVATIONS_RELEASED));
    }
    return new Result(null, notices, removed);
  }

  /** Whether to preempt those of a key is to take over the reservation that there is. */
  boolean takesOver(long victim) {
    ReservationType now = state.type();
    return now != null && victim == (now.allRegistrants() ? 0 : holderKey());
  }

  /** REGISTER AND MOVE (SPC-4 §5.13.8). */
  Result move(NexusId id, long key, long newKey, NexusId to, boolean leaves, Options options) {
    if (!registered(id, key)) {
      return Result.refused(Reservations.CONFLICT);
    }
    ReservationType type = state.type();
    if (type == null) {
      return Result.refused(NOTHING_TO_MOVE);
    }
    if (type.allRegistrants() || !id.equals(state.holder())) {
      return Result.refused(Reservations.CONFLICT);
    }
    Map<NexusId, Registrant> all = byNexus();
    all.put(to, new Registrant(to, newKey, options.allTargetPorts()));
    if (leaves) {
      all.remove(id);
    }
    if (all.size() > Limits.MAX_REGISTRANTS) {
      return Result.refused(INSUFFICIENT_RESOURCES);
    }
    set(
        new ReservationState(
            state.generation() + 1,
            List.copyOf(all.values()),
            type,
            to,
            options.throughPowerLoss()));
    return Result.DONE;
  }

  private void set(ReservationState now) {
    ReservationState before = state;
    state = now;
    keeper.changed(before, now);
  }

  private @Nullable Registrant find(NexusId id) {
    for (Registrant registrant : state.registrants()) {
      if (registrant.nexus().equals(id)) {
        return registrant;
      }
    }
    return null;
  }

  /** The key by which a nexus is registered, or 0. */
  long keyOf(NexusId id) {
    Registrant own = find(id);
    return own == null ? 0 : own.key();
  }

  private boolean registered(NexusId id, long key) {
    Registrant own = find(id);
    return own != null && own.key() == key;
  }

  private boolean mayHold(NexusId id) {
    Registrant own = find(id);
    return own != null && state.holds(own);
  }

  private long holderKey() {
    NexusId holder = state.holder();
    return holder == null ? 0 : keyOf(holder);
  }

  private Map<NexusId, Registrant> byNexus() {
    Map<NexusId, Registrant> all = new LinkedHashMap<>();
    state.registrants().forEach(registrant -> all.put(registrant.nexus(), registrant));
    return all;
  }

  private ReservationState reservedBy(
      NexusId id, ReservationType type, List<Registrant> registrants, int generation) {
    return new ReservationState(
        generation, registrants, type, type.allRegistrants() ? null : id, state.throughPowerLoss());
  }

  private ReservationState unreserved() {
    return new ReservationState(
        state.generation(), state.registrants(), null, null, state.throughPowerLoss());
  }

  private static List<Notice> tell(Set<NexusId> nexuses, Sense attention) {
    return nexuses.stream().map(id -> new Notice(id, attention)).toList();
  }
}
