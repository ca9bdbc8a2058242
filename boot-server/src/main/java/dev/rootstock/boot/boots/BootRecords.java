// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootEvent.Offer;
import dev.rootstock.boot.boots.BootState.Session;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Mode;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/** What a client's durable record becomes. {@link BootMachine}'s design note has the reasons. */
final class BootRecords {
  private BootRecords() {}

  /** A new boot begins with this request. */
  static BootRecord begun(BootState state, Login request) {
    Offer offer = request.offer();
    BootRecord kept = BootRules.kept(state, offer.mode());
    EnumSet<Flag> flags = EnumSet.of(stage(request));
    if (kept != null && kept.has(Flag.OVERLAY_IN_PLACE)) {
      flags.add(Flag.OVERLAY_IN_PLACE);
    }
    UUID overlay =
        kept != null ? kept.overlay() : offer.mode() == Mode.READ_ONLY ? null : offer.overlay();
    List<InetAddress> machine = List.of();
    List<InetAddress> displaced = List.of();
    BootRecord old = state.record;
    if (old != null) {
      boolean known = state.knows(request.address());
      machine = known ? old.machine() : List.of();
      displaced = known ? old.displaced() : latest(old.displaced(), old.machine());
    }
    return new BootRecord(
        state.generation() + 1,
        offer.mode(),
        kept != null ? kept.image() : Objects.requireNonNull(offer.image()),
        overlay,
        latest(machine, List.of(request.address())),
        without(displaced, Set.of(request.address())),
        flags);
  }

  /**
   * A further session of the boot begins.
   *
   * @param dead sessions whose machine is gone; an operating system there must not come back
   */
  static BootRecord joined(BootState state, Login request, Set<Long> dead) {
    BootRecord record = Objects.requireNonNull(state.record);
    Set<InetAddress> gone = new HashSet<>();
    state.sessions.values().stream()
        .filter(session -> dead.contains(session.id()))
        .filter(session -> session.kind() != InitiatorKind.FIRMWARE)
        .map(Session::address)
        .forEach(gone::add);
    boolean moved =
        request.kind() == InitiatorKind.OPERATING_SYSTEM
            && record.has(Flag.OPERATING_SYSTEM)
            && !state.knows(request.address());
    if (moved) {
      gone.addAll(record.machine());
    }
    List<InetAddress> machine = without(record.machine(), gone);
    return new BootRecord(
        record.generation(),
        record.mode(),
        record.image(),
        record.overlay(),
        // Not made the latest where it is known: that would be a write for nothing.
        machine.contains(request.address()) ? machine : latest(machine, List.of(request.address())),
        latest(record.displaced(), List.copyOf(gone)),
        record.with(stage(request)).flags());
  }

  /**
   * The administrator ends the boot.
   *
   * @param mayRun whether its machine may still run somewhere
   */
  static BootRecord ended(BootState state, Command command, boolean mayRun) {
    BootRecord record = Objects.requireNonNull(state.record);
    // A boot that began with firmware is followed by one that does, so its machine needs no other
    // way in. One without firmware has none: BOOT, said again, opens it.
    boolean shutOut = mayRun || record.has(Flag.FIRMWARE);
    boolean open =
        state.between()
            && command.what() == What.BOOT
            && !command.force()
            && !record.has(Flag.FIRMWARE);
    return new BootRecord(
        record.generation(),
        record.mode(),
        record.image(),
        command.what() == What.RESET ? null : record.overlay(),
        List.of(),
        open
            ? List.of()
            : shutOut ? latest(record.displaced(), record.machine()) : record.displaced(),
        record.with(Flag.ENDED).flags());
  }

  /**
   * Another overlay has taken the place of the client's. From now on its disk is kept, also where
   * the last boot forgot its own: else the next boot would throw away what was just restored.
   */
  static BootRecord replaced(BootRecord record, Replacement replacement) {
    EnumSet<Flag> flags = EnumSet.of(Flag.OVERLAY_IN_PLACE);
    flags.addAll(record.flags());
    flags.remove(Flag.OVERLAY_LOST);
    return new BootRecord(
        record.generation(),
        Mode.PERSISTENT,
        replacement.image(),
        replacement.overlay().value(),
        record.machine(),
        record.displaced(),
        flags);
  }

  private static Flag stage(Login request) {
    return request.kind() == InitiatorKind.FIRMWARE ? Flag.FIRMWARE : Flag.OPERATING_SYSTEM;
  }

  private static List<InetAddress> without(List<InetAddress> addresses, Set<InetAddress> gone) {
    return addresses.stream().filter(address -> !gone.contains(address)).toList();
  }

  /** As many of both as a record holds, each once, the newer ones last and surely. */
  private static List<InetAddress> latest(List<InetAddress> older, List<InetAddress> newer) {
    List<InetAddress> all = new ArrayList<>(without(older, Set.copyOf(newer)));
    all.addAll(newer);
    return List.copyOf(all.subList(Math.max(0, all.size() - Limits.BOOT_ADDRESSES), all.size()));
  }
}
