// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Request;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one client's boots. Only {@link #record} survives a restart. A state that
 * has been handed to {@link BootMachine#step} is never changed: the machine works on a copy.
 */
final class BootState {
  /** No such time. */
  static final long NEVER = Long.MIN_VALUE;

  /** What is durable; null before the first boot. */
  @Nullable BootRecord record;

  /** When the candidate last showed itself, or NEVER where there is none. */
  long candidate = NEVER;

  /** The administrator announced the first boot of a client that has no record to note it in. */
  boolean announced;

  /** The client is being removed, or has been. */
  boolean removed;

  /** Something of an older generation may still reach a disk. */
  boolean unfenced;

  /** The disk of the record's generation is open. */
  boolean diskOpen;

  /** Until then the boot, which has no session, keeps its place for its machine. */
  long mayReturnUntil = NEVER;

  /** Since when nobody has used the open disk. */
  long idleSince = NEVER;

  /**
   * What was chosen from menus for the next boot, by the address of the machine. Each address
   * chooses for itself alone, and for no other that has the client's name.
   */
  final Map<InetAddress, Choice> choices = new LinkedHashMap<>();

  /** The latest transactions of DHCP, oldest first. */
  final Deque<Transaction> transactions = new ArrayDeque<>();

  /** Granted and not ended, by id, oldest first. */
  final Map<Long, Session> sessions = new LinkedHashMap<>();

  /** What is being decided or done; null when nothing is. */
  @Nullable Work work;

  /** What waits for that, in order. */
  final Deque<Request> waiting = new ArrayDeque<>();

  /** A transaction of DHCP that has been seen. */
  record Transaction(int xid, long seen) {}

  /**
   * An image that was chosen.
   *
   * @param made when
   */
  record Choice(ImageReference image, long made) {}

  /** A session that was granted. */
  record Session(
      long id, long generation, InetAddress address, InitiatorKind kind, boolean opened) {}

  /** The one thing that is under way. */
  sealed interface Work {
    Request request();
  }

  /** Older sessions are being probed. */
  record Probing(Request request, boolean newBoot, Set<Long> awaited, Map<Long, Liveness> heard)
      implements Work {
    Probing {
      awaited = Set.copyOf(awaited);
      heard = Map.copyOf(heard);
    }

    Probing hear(long id, Liveness found) {
      Map<Long, Liveness> more = new HashMap<>(heard);
      more.put(id, found);
      List<Long> rest = new ArrayList<>(awaited);
      rest.remove(id);
      return new Probing(request, newBoot, Set.copyOf(rest), more);
    }
  }

  /** What has been decided is being done. */
  record Doing(
      Request request,
      @Nullable BootRecord goal,
      Set<Long> close,
      @Nullable Refusal refusal,
      Step step)
      implements Work {
    Doing at(Step next) {
      return new Doing(request, goal, close, refusal, next);
    }

    Doing closed() {
      return new Doing(request, goal, Set.of(), refusal, step);
    }

    Doing with(BootRecord newGoal, @Nullable Refusal newRefusal) {
      return new Doing(request, newGoal, close, newRefusal, step);
    }
  }

  /** The effect that {@link Doing} waits for, or the last one that it waited for. */
  enum Step {
    NOTHING,
    CLOSE,
    SAVE,
    FENCE,
    CREATE,
    OPEN,
    REMOVE_OVERLAY,
    REPLACE,
    /** Making the record say what REPLACE has done. */
    RECORD,
    FORGET
  }

  /** Why a login is refused, and as what. */
  record Refusal(LoginStatus status, String reason) {}

  /**
   * A client as a starting server finds it.
   *
   * @param record what is durable; null for a client that has never booted
   */
  static BootState restored(@Nullable BootRecord record, long now) {
    BootState state = new BootState();
    state.record = record;
    if (!state.between()) {
      state.mayReturnUntil = now + BootLimits.RETURN.toMillis();
    }
    return state;
  }

  BootState copy() {
    BootState copy = new BootState();
    copy.record = record;
    copy.candidate = candidate;
    copy.announced = announced;
    copy.removed = removed;
    copy.unfenced = unfenced;
    copy.diskOpen = diskOpen;
    copy.mayReturnUntil = mayReturnUntil;
    copy.idleSince = idleSince;
    copy.choices.putAll(choices);
    copy.transactions.addAll(transactions);
    copy.sessions.putAll(sessions);
    copy.work = work;
    copy.waiting.addAll(waiting);
    return copy;
  }

  /** The boot's number, 0 before the first. */
  long generation() {
    return record == null ? 0 : record.generation();
  }

  boolean has(Flag flag) {
    return record != null && record.has(flag);
  }

  /** Whether a login would begin a boot because there is none that it could belong to. */
  boolean between() {
    return record == null || record.has(Flag.ENDED);
  }

  boolean hasCandidate(long now) {
    return candidate != NEVER && now - candidate <= BootLimits.CANDIDATE.toMillis();
  }

  /**
   * What was chosen at this address for the next boot; null where nothing is, or was too long ago.
   */
  @Nullable ImageReference chosen(InetAddress address, long now) {
    Choice choice = choices.get(address);
    return choice != null && now - choice.made() <= BootLimits.CANDIDATE.toMillis()
        ? choice.image()
        : null;
  }

  /** Whether the boot has been heard of from this address. */
  boolean knows(InetAddress address) {
    return record != null && record.machine().contains(address);
  }

  /**
   * The sessions that can say whether the boot lives: firmware's stop to count once an operating
   * system has logged in, since firmware no longer runs then and never ends them.
   */
  List<Session> witnesses() {
    boolean started = has(Flag.OPERATING_SYSTEM);
    return sessions.values().stream()
        .filter(session -> session.generation() == generation())
        .filter(session -> !started || session.kind() != InitiatorKind.FIRMWARE)
        .toList();
  }
}
