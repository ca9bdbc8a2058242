// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootState.Refusal;
import dev.rootstock.boot.boots.BootState.Session;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The questions that {@link BootMachine} asks of a state. Its design note has the reasons. */
final class BootRules {
  private BootRules() {}

  /** What follows from the probes. */
  sealed interface Verdict {
    /** The older boot is dead, or has none that could live. */
    record Begin() implements Verdict {}

    /**
     * The request belongs to the boot there is.
     *
     * @param dead sessions of it whose machine is gone; they lose the disk first
     */
    record Join(Set<Long> dead) implements Verdict {}

    /**
     * No.
     *
     * @param lives whether a session has shown that the older boot lives
     */
    record No(Refusal refusal, boolean lives) implements Verdict {}
  }

  /** Whether the request marks a new boot. */
  static boolean begins(BootState state, Login request, long now) {
    if (request.boot().isPresent()) {
      return request.boot().getAsLong() == state.generation() + 1;
    }
    return state.between()
        || (request.kind() == InitiatorKind.FIRMWARE
            && (state.hasCandidate(now)
                || state.chosen(request.address(), now) != null
                || state.has(Flag.OPERATING_SYSTEM)
                || !state.knows(request.address())));
  }

  /** What refuses a login by the boot that it has proved to be of. */
  static @Nullable Refusal againstProof(BootState state, Login request) {
    long next = state.generation() + 1;
    long proved = request.boot().orElse(next);
    if (proved == next || (proved == state.generation() && !state.between())) {
      return null;
    }
    return new Refusal(
        LoginStatus.AUTHENTICATION_FAILURE,
        "it proves itself by the secret of a boot that is over: restart it from its firmware,"
            + " which is told a new one");
  }

  /** One firmware with two sessions, of which the newer one asked for a secret in between. */
  static Refusal askedAgain(BootState state) {
    return new Refusal(
        LoginStatus.AUTHENTICATION_FAILURE,
        ("its firmware has a session of boot %d and proves itself by the secret of the next: it"
                + " asked DHCP in between; close the disk before, or restart it")
            .formatted(state.generation()));
  }

  /** What refuses a new boot whatever its probes would find. */
  static @Nullable Refusal againstBegin(BootState state, Login request, long now) {
    BootRecord record = state.record;
    boolean firmware = request.kind() == InitiatorKind.FIRMWARE;
    if (record != null && state.between() && !firmware && displaced(record, request.address())) {
      return ended(record, request.address());
    }
    if (record == null
        && request.offer().mode().forgets()
        && !firmware
        && !state.announced
        && request.boot().isEmpty()) {
      return new Refusal(
          LoginStatus.AUTHORIZATION_FAILURE,
          ("nothing marks where a boot of this client begins, whose mode is %s: its initiator is no"
                  + " boot firmware; boot it with iPXE, run 'rootstock client boot' before each"
                  + " start, or make it persistent")
              .formatted(request.offer().mode().text()));
    }
    BootRecord kept = kept(state, request.offer().mode());
    if (kept != null && kept.has(Flag.OVERLAY_LOST) && !kept.has(Flag.ENDED)) {
      return lost(kept);
    }
    if (kept == null && request.offer().image() == null) {
      return new Refusal(LoginStatus.TARGET_ERROR, request.offer().problem());
    }
    return request.offer().takeover() ? null : mayReturn(state, request, now);
  }

  /** What refuses a further session of the boot whatever its probes would find. */
  static @Nullable Refusal againstJoin(BootState state, Login request, long now) {
    BootRecord record = Objects.requireNonNull(state.record);
    // Initiators of unknown make are mostly tools, which come and go from one address.
    if (request.kind() == InitiatorKind.OPERATING_SYSTEM && displaced(record, request.address())) {
      return ended(record, request.address());
    }
    if (record.has(Flag.OVERLAY_LOST)) {
      return lost(record);
    }
    if (request.kind() == InitiatorKind.FIRMWARE && choosesAnother(state, request, now)) {
      return another(state, request);
    }
    // Firmware hands over to its operating system, which may have another address.
    boolean handsOver =
        !state.has(Flag.OPERATING_SYSTEM) && request.kind() != InitiatorKind.FIRMWARE;
    return handsOver ? null : mayReturn(state, request, now);
  }

  /** The record whose overlay a new boot goes on with; null where it gets a new one or none. */
  static @Nullable BootRecord kept(BootState state, Mode mode) {
    BootRecord record = state.record;
    return record != null
            && record.overlay() != null
            && mode == Mode.PERSISTENT
            && record.mode() == Mode.PERSISTENT
        ? record
        : null;
  }

  /** Whose life has to be asked after before a new boot, or before a command that is not forced. */
  static List<Session> rivals(BootState state) {
    return state.between() ? List.of() : state.witnesses();
  }

  /** Whose life has to be asked after before a further session of the boot. */
  static List<Session> strangers(BootState state, InetAddress address) {
    return state.witnesses().stream()
        .filter(session -> !session.address().equals(address))
        .toList();
  }

  /** Decides a new boot by what was heard. */
  static Verdict judgeBegin(BootState state, Login request, Map<Long, Liveness> heard) {
    boolean running = state.has(Flag.OPERATING_SYSTEM);
    boolean same = false;
    for (Session session : rivals(state)) {
      boolean here = session.address().equals(request.address());
      Liveness found = heard.get(session.id());
      if (here && found == Liveness.ALIVE && !running && request.kind() == InitiatorKind.FIRMWARE) {
        // One firmware with two sessions: it has not been reset since the older one.
        same = true;
      } else if (found == Liveness.ALIVE || (found == null && !here)) {
        return new Verdict.No(lives(state, session), true);
      } else if (found == Liveness.SILENT && !here && !speaks(session)) {
        return new Verdict.No(mayLive(state, session), false);
      }
    }
    return same ? new Verdict.Join(Set.of()) : new Verdict.Begin();
  }

  /** Decides a further session of the boot by what was heard. */
  static Verdict judgeJoin(BootState state, Login request, Map<Long, Liveness> heard) {
    Set<Long> dead = new HashSet<>();
    for (Session session : strangers(state, request.address())) {
      Liveness found = heard.get(session.id());
      boolean handsOver =
          session.kind() == InitiatorKind.FIRMWARE && request.kind() != InitiatorKind.FIRMWARE;
      if (found == null || found == Liveness.ALIVE) {
        return new Verdict.No(lives(state, session), true);
      } else if (found == Liveness.SILENT && !speaks(session) && !handsOver) {
        return new Verdict.No(mayLive(state, session), false);
      }
      dead.add(session.id());
    }
    return new Verdict.Join(dead);
  }

  /** Decides a command that is not forced; null when nothing stands against it. */
  static @Nullable Refusal judgeCommand(
      BootState state, Command command, Map<Long, Liveness> heard, long now) {
    for (Session session : rivals(state)) {
      Liveness found = heard.get(session.id());
      if (found == null || found == Liveness.ALIVE) {
        return forceable(lives(state, session), command);
      } else if (found == Liveness.SILENT && !speaks(session)) {
        return forceable(mayLive(state, session), command);
      }
    }
    // Nobody is at this address: everyone is a stranger to a boot that may return.
    return now < state.mayReturnUntil ? forceable(returning(state, now), command) : null;
  }

  /** Whether silence proves that its machine is gone: a kernel answers TCP as long as it runs. */
  static boolean speaks(Session session) {
    return session.kind() == InitiatorKind.OPERATING_SYSTEM;
  }

  private static boolean displaced(BootRecord record, InetAddress address) {
    return record.displaced().contains(address);
  }

  private static @Nullable Refusal mayReturn(BootState state, Login request, long now) {
    return now < state.mayReturnUntil && !state.knows(request.address())
        ? returning(state, now)
        : null;
  }

  private static Refusal returning(BootState state, long now) {
    return new Refusal(
        LoginStatus.SERVICE_UNAVAILABLE,
        "%s has lost its sessions and may come back; try again in %d s"
            .formatted(running(state), (state.mayReturnUntil - now + 999) / 1000));
  }

  private static Refusal lives(BootState state, Session session) {
    return new Refusal(
        LoginStatus.SERVICE_UNAVAILABLE,
        "boot %d lives: session %d from %s %s"
            .formatted(
                state.generation(),
                session.id(),
                text(session.address()),
                session.opened() ? "answers" : "is logging in"));
  }

  /** Whether what was chosen is another version than the boot there is has. */
  private static boolean choosesAnother(BootState state, Login request, long now) {
    return state.chosen(request.address(), now) != null
        && !Objects.requireNonNull(state.record).image().equals(request.offer().image());
  }

  private static Refusal another(BootState state, Login request) {
    return new Refusal(
        LoginStatus.SERVICE_UNAVAILABLE,
        "%s goes on with %s, so its firmware cannot boot %s: restart the machine"
            .formatted(
                running(state),
                Objects.requireNonNull(state.record).image(),
                request.offer().image() == null ? "another image" : request.offer().image()));
  }

  private static Refusal mayLive(BootState state, Session session) {
    return new Refusal(
        LoginStatus.SERVICE_UNAVAILABLE,
        ("boot %d may live: session %d from %s is silent, and its initiator may be one that cannot"
                + " answer; if that machine is off, run 'rootstock client boot --force'")
            .formatted(state.generation(), session.id(), text(session.address())));
  }

  private static Refusal ended(BootRecord record, InetAddress address) {
    return new Refusal(
        LoginStatus.AUTHORIZATION_FAILURE,
        ("the machine at %s lost its disk when its boot was ended or another machine booted (the"
                + " latest is boot %d): restart that machine from its firmware; if it has none that"
                + " logs in and is off now, run 'rootstock client boot'")
            .formatted(text(address), record.generation()));
  }

  private static Refusal lost(BootRecord record) {
    String next =
        record.mode() == Mode.PERSISTENT
            ? "restore the file and run 'rootstock client boot', or drop what was written with"
                + " 'rootstock client reset'"
            : "restart the machine, or run 'rootstock client boot' and restart it";
    return new Refusal(
        LoginStatus.TARGET_ERROR,
        "the overlay of boot %d is lost, damaged or another one: %s"
            .formatted(record.generation(), next));
  }

  private static Refusal forceable(Refusal refusal, Command command) {
    return new Refusal(
        refusal.status(),
        "%s; stop that machine first, or use --force: its disk is taken away from it, and %s"
            .formatted(
                refusal.reason(),
                switch (command.what()) {
                  case BOOT -> "its boot ends";
                  case RESET -> "what it wrote is dropped";
                  case REPLACE -> "another content takes the place of what it wrote";
                  case REMOVE -> "it is forgotten with what it wrote";
                }));
  }

  private static String running(BootState state) {
    BootRecord record = Objects.requireNonNull(state.record);
    return "boot %d at %s"
        .formatted(
            record.generation(),
            record.machine().stream().map(BootRules::text).collect(Collectors.joining(", ")));
  }

  static String text(InetAddress address) {
    return address.getHostAddress();
  }
}
