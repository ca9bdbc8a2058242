// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** All sessions of a server, and what those of one target share. Safe for all threads. */
public final class Sessions {
  private static final int LAST_TSIH = 0xFFFF;
  private static final String STOPPING = "the server stops";

  /**
   * What sessions of one boot share, and how many they are. It stays when the last of them ends,
   * because persistent reservations and a disk that is being sanitised outlive sessions (SPC-4
   * §5.13); it goes when its boot is revoked or a newer one comes. So there is one for each target
   * that has been logged in to.
   */
  private static final class Shared {
    final ScsiTarget target;
    int users;

    Shared(ScsiTarget target) {
      this.target = target;
    }
  }

  /** A login that policy is deciding, and what is revoked meanwhile. */
  public static final class Question {
    private final String node;
    private long revokedUpTo = Long.MIN_VALUE;

    private Question(String node) {
      this.node = node;
    }
  }

  private final Admission admission;
  private final MemoryBudget memory;
  private final Portals portals;
  private final Waits waits;
  private final MemoryBudget unacknowledged;
  private final Map<SessionKey, Session> byKey = new ConcurrentHashMap<>();
  private final Map<String, Set<Session>> byNode = new ConcurrentHashMap<>();
  private final Map<Integer, Session> byTsih = new ConcurrentHashMap<>();
  private final Map<String, NavigableMap<Long, Shared>> boots = new HashMap<>();

  /**
   * Logins that are being decided. A revocation is written down here and nowhere else: a grant that
   * was made before it, and that we have not been told of yet, is then found to be revoked. So no
   * revocation has to be remembered for longer than the logins that it may concern.
   */
  private final Set<Question> questions = new HashSet<>();

  private final AtomicInteger retained = new AtomicInteger();
  private volatile boolean closing;
  private int lastTsih;

  public Sessions(Admission admission, MemoryBudget memory, Portals portals) {
    this(admission, memory, portals, Waits.NORMAL);
  }

  public Sessions(Admission admission, MemoryBudget memory, Portals portals, Waits waits) {
    this.admission = admission;
    this.memory = memory;
    this.portals = portals;
    this.waits = waits;
    this.unacknowledged = new MemoryBudget((long) (memory.limit() * Limits.UNACKNOWLEDGED_SHARE));
  }

  public Admission admission() {
    return admission;
  }

  public Portals portals() {
    return portals;
  }

  Waits waits() {
    return waits;
  }

  /** What all sessions may keep of what they have sent. */
  MemoryBudget unacknowledged() {
    return unacknowledged;
  }

  MemoryBudget memory() {
    return memory;
  }

  /**
   * Whether a login with this key would reinstate a session with a disk. It may also reinstate a
   * discovery session that names the target (RFC 7143 §7.4.2.2), which is nobody's loss.
   */
  public boolean reinstates(SessionKey key) {
    Session older = byKey.get(key);
    return older != null && !older.isDiscovery();
  }

  /**
   * The session in the full feature phase that a connection would join (RFC 7143 §6.3.1). It may be
   * of another portal group, and then cannot be joined.
   */
  public @Nullable Session find(int tsih, SessionKey key) {
    Session session = byTsih.get(tsih);
    return session != null && session.isJoinable() && session.key().equalsButForGroup(key)
        ? session
        : null;
  }

  /** Policy is about to be asked; to be paired with {@link #answered}. */
  public Question asks(String node) {
    Question question = new Question(node);
    synchronized (questions) {
      questions.add(question);
    }
    return question;
  }

  /** Policy has answered, with anything but a grant. */
  public void answered(Question question) {
    synchronized (questions) {
      questions.remove(question);
    }
  }

  /**
   * Makes a session known as soon as it is granted, so that {@link #revoke} reaches it; and closes
   * it if a revocation came while the grant was on its way, or the server stops.
   *
   * @param question what the grant is an answer to; null for a discovery session
   */
  public void granted(Session session, @Nullable Question question) {
    boolean revoked;
    synchronized (questions) {
      revoked = question != null && session.generation() <= question.revokedUpTo;
      if (question != null) {
        questions.remove(question);
      }
      know(session);
    }
    if (revoked) {
      var _ = session.close("revoked while its login was being decided");
    } else if (closing) {
      var _ = session.close(STOPPING);
    }
  }

  private void know(Session session) {
    byNode.compute(
        nodeOf(session),
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
      forget(targetName, generation - 1);
      Shared shared =
          boots
              .computeIfAbsent(targetName, _ -> new TreeMap<>())
              .computeIfAbsent(
                  generation, _ -> new Shared(new ScsiTarget(targetName, portals.groups())));
      shared.users++;
      return shared.target;
    }
  }

  void leave(String targetName, long generation) {
    synchronized (boots) {
      NavigableMap<Long, Shared> ofTarget = boots.get(targetName);
      Shared shared = ofTarget == null ? null : ofTarget.get(generation);
      if (ofTarget != null && shared != null && --shared.users == 0) {
        // What a revoked boot left, and all but the newest.
        forget(targetName, ofTarget.lastKey() - 1);
      }
    }
  }

  /** Forgets the boots of a target, up to a generation, that no session uses. */
  private void forget(String targetName, long upTo) {
    synchronized (boots) {
      boots.computeIfPresent(
          targetName,
          (_, ofTarget) -> {
            ofTarget.headMap(upTo, true).values().removeIf(shared -> shared.users == 0);
            return ofTarget.isEmpty() ? null : ofTarget;
          });
    }
  }

  /**
   * Whether one more session may be kept that has no connection; to be paired with {@link
   * #retained}.
   */
  boolean retain() {
    if (retained.incrementAndGet() > Limits.RETAINED_SESSIONS) {
      retained.decrementAndGet();
      return false;
    }
    return true;
  }

  /** A session that was kept has a connection, or has ended. */
  void retained() {
    retained.decrementAndGet();
  }

  /** Forgets a session that has ended. */
  void ended(Session session, int tsih) {
    byKey.remove(session.key(), session);
    byTsih.remove(tsih, session);
    byNode.computeIfPresent(
        nodeOf(session),
        (_, set) -> {
          set.remove(session);
          return set.isEmpty() ? null : set;
        });
  }

  /** A discovery session is none of the target's that it may name: it cannot reach a disk. */
  private static String nodeOf(Session session) {
    String node = session.key().node();
    return session.isDiscovery() ? "discovery of " + node : node;
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
    synchronized (questions) {
      for (Question question : questions) {
        if (question.node.equals(targetName)) {
          question.revokedUpTo = Math.max(question.revokedUpTo, generation);
        }
      }
    }
    return closeAll(
            of(targetName).stream().filter(s -> s.generation() <= generation).toList(), reason)
        .thenRun(() -> forget(targetName, generation));
  }

  /**
   * Lets no new session begin, asks the initiators of all others to log out, and closes those that
   * cannot be asked or do not.
   */
  public CompletionStage<Void> drain(int seconds) {
    closing = true;
    List<Session> all = byNode.values().stream().flatMap(Set::stream).toList();
    all.forEach(
        session -> {
          var _ = session.drain(seconds);
        });
    return ended(all);
  }

  /** Closes every session, also those still to be granted; completes when all have ended. */
  public CompletionStage<Void> closeAll() {
    closing = true;
    return closeAll(byNode.values().stream().flatMap(Set::stream).toList(), STOPPING);
  }

  private static CompletionStage<Void> closeAll(Collection<Session> sessions, String reason) {
    sessions.forEach(
        session -> {
          var _ = session.close(reason);
        });
    return ended(sessions);
  }

  private static CompletionStage<Void> ended(Collection<Session> sessions) {
    return CompletableFuture.allOf(
        sessions.stream().map(Session::drained).toArray(CompletableFuture[]::new));
  }
}
