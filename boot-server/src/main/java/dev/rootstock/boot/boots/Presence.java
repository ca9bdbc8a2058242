// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootState.Session;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Where a client's machine is at work, for those who ask from other threads than its mailbox's.
 *
 * <p>It is where the sessions come from that witness its boot, and for {@link BootLimits#RETURN}
 * where it has lost them or the server was restarted: so long no other address gets the disk
 * either. A machine whose power went leaves sessions that nobody ends; they are asked, and one that
 * should have answered does not count for a while. None is closed for it: whoever makes us ask has
 * proved nothing.
 */
final class Presence {
  private final LongSupplier millis;
  private List<Session> witnesses = List.of();
  private Set<InetAddress> machine = Set.of();
  private long mayReturnUntil;
  private long nextQuestion = Long.MIN_VALUE;
  // Sessions that did not answer, and until when that counts; of witnesses only.
  private final Map<Long, Long> silent = new HashMap<>();

  /**
   * @param millis of the clock that the client's state goes by
   */
  Presence(LongSupplier millis) {
    this.millis = millis;
  }

  /** Takes over what a state says. */
  synchronized void see(BootState state) {
    boolean over = state.between() || state.removed;
    witnesses = over ? List.of() : state.witnesses();
    machine = over || state.record == null ? Set.of() : Set.copyOf(state.record.machine());
    mayReturnUntil = state.mayReturnUntil;
    silent.keySet().retainAll(witnesses.stream().map(Session::id).toList());
  }

  /** Whether the machine is at work at this address, or may come back there. */
  synchronized boolean at(InetAddress address) {
    long now = millis.getAsLong();
    return witnesses.stream()
            .anyMatch(each -> each.address().equals(address) && !isSilent(each, now))
        || (now < mayReturnUntil && machine.contains(address));
  }

  private boolean isSilent(Session session, long now) {
    Long until = silent.get(session.id());
    return until != null && now < until;
  }

  /** Whether its sessions are to be asked now: not again while one may still answer. */
  synchronized boolean asks() {
    long now = millis.getAsLong();
    if (witnesses.isEmpty() || now < nextQuestion) {
      return false;
    }
    nextQuestion = now + BootLimits.PROBE.toMillis();
    return true;
  }

  /** The sessions that witness its boot from this address. */
  synchronized List<Long> sessions(InetAddress address) {
    return witnesses.stream()
        .filter(each -> each.address().equals(address))
        .map(Session::id)
        .toList();
  }

  /** What a session that was asked has shown. */
  synchronized void heard(long id, Liveness found) {
    silent.remove(id);
    boolean gone =
        witnesses.stream()
            .anyMatch(
                each ->
                    each.id() == id
                        && (found == Liveness.DEAD
                            || (found == Liveness.SILENT && BootRules.speaks(each))));
    if (gone) {
      silent.put(id, millis.getAsLong() + BootLimits.RETURN.toMillis());
    }
  }
}
