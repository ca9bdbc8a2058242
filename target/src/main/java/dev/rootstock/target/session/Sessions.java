// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.wire.MemoryGauge;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** All sessions of a server, and what those of one target share. Safe for all threads. */
public final class Sessions {
  /** The tag of the one portal group (RFC 7143 §13.9). */
  public static final int PORTAL_GROUP_TAG = 1;

  private static final int LAST_TSIH = 0xFFFF;

  /** What sessions of one boot share, and how many they are. */
  private static final class Shared {
    final ScsiTarget target;
    int users;

    Shared(ScsiTarget target) {
      this.target = target;
    }
  }

  private record Boot(String targetName, long generation) {}

  private final Admission admission;
  private final MemoryGauge memory;
  private final Map<SessionKey, Session> byKey = new ConcurrentHashMap<>();
  private final Map<String, Set<Session>> byNode = new ConcurrentHashMap<>();
  private final Map<Integer, Session> byTsih = new ConcurrentHashMap<>();
  private final Map<Boot, Shared> boots = new HashMap<>();
  private int lastTsih;

  public Sessions(Admission admission, MemoryGauge memory) {
    this.admission = admission;
    this.memory = memory;
  }

  public Admission admission() {
    return admission;
  }

  public MemoryGauge memory() {
    return memory;
  }

  /** Whether a login with this key would reinstate a session. */
  public boolean reinstates(SessionKey key) {
    return byKey.containsKey(key);
  }

  /** Whether a session has this TSIH. */
  public boolean hasTsih(int tsih) {
    return byTsih.containsKey(tsih);
  }

  /** Makes a session known as soon as it is granted, so that {@link #revoke} reaches it. */
  public void granted(Session session) {
    byNode.compute(
        session.key().node(),
        (_, set) -> {
          Set<Session> all = set == null ? ConcurrentHashMap.newKeySet() : set;
          all.add(session);
          return all;
        });
  }

  /**
   * Gives a granted session the place of its key, and closes whoever had it (RFC 7143 §6.3.5).
   *
   * @return completes when no command of the older sessions can reach a disk any more
   */
  public CompletionStage<Void> takePlace(Session session) {
    CompletableFuture<Void> free = session.placeFree();
    Session older = byKey.put(session.key(), session);
    if (older == null) {
      free.complete(null);
    } else {
      var _ = older.close("reinstated by a new login from " + session.initiator());
      // It may itself still be waiting for one before it.
      var _ =
          CompletableFuture.allOf(older.placeFree(), older.drained())
              .thenRun(() -> free.complete(null));
    }
    return free;
  }

  /** A TSIH that no session has (RFC 7143 §11.13.3). */
  synchronized int takeTsih(Session session) {
    do {
      lastTsih = lastTsih == LAST_TSIH ? 1 : lastTsih + 1;
    } while (byTsih.putIfAbsent(lastTsih, session) != null);
    return lastTsih;
  }

  /** The SCSI target that sessions of one boot share; each call is paired with a {@link #leave}. */
  ScsiTarget scsiTarget(String targetName, long generation) {
    synchronized (boots) {
      Shared shared =
          boots.computeIfAbsent(
              new Boot(targetName, generation),
              boot -> new Shared(new ScsiTarget(boot.targetName(), PORTAL_GROUP_TAG)));
      shared.users++;
      return shared.target;
    }
  }

  void leave(String targetName, long generation) {
    synchronized (boots) {
      Boot boot = new Boot(targetName, generation);
      Shared shared = boots.get(boot);
      if (shared != null && --shared.users == 0) {
        boots.remove(boot);
      }
    }
  }

  /** Forgets a session that has ended. */
  void ended(Session session, int tsih) {
    byKey.remove(session.key(), session);
    byTsih.remove(tsih, session);
    byNode.computeIfPresent(
        session.key().node(),
        (_, set) -> {
          set.remove(session);
          return set.isEmpty() ? null : set;
        });
  }

  /** The sessions of a target, those in the making included. */
  Collection<Session> of(String targetName) {
    return List.copyOf(byNode.getOrDefault(targetName, Set.of()));
  }

  /** The sessions of a target that are in the full feature phase. */
  public List<TargetSession> open(String targetName) {
    List<TargetSession> open = new ArrayList<>();
    for (Session session : of(targetName)) {
      if (session.isOpen()) {
        open.add(session);
      }
    }
    return open;
  }

  /** As {@code IscsiTarget.revoke}. */
  public CompletionStage<Void> revoke(String targetName, long generation, String reason) {
    return closeAll(
        of(targetName).stream().filter(s -> s.generation() <= generation).toList(), reason);
  }

  /** Closes every session; completes when all have ended. */
  public CompletionStage<Void> closeAll(String reason) {
    return closeAll(byNode.values().stream().flatMap(Set::stream).toList(), reason);
  }

  private static CompletionStage<Void> closeAll(Collection<Session> sessions, String reason) {
    sessions.forEach(
        session -> {
          var _ = session.close(reason);
        });
    return CompletableFuture.allOf(
        sessions.stream().map(Session::drained).toArray(CompletableFuture[]::new));
  }
}
