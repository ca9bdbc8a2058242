// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.wire.MemoryBudget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** All sessions of a server, and what those of one target share. Safe for all threads. */
public final class Sessions {
  /** The tag of the one portal group (RFC 7143 §13.9). */
  public static final int PORTAL_GROUP_TAG = 1;

  private static final int LAST_TSIH = 0xFFFF;
  private static final String STOPPING = "the server stops";

  /** What sessions of one boot share, and how many they are. */
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

  private record Boot(String targetName, long generation) {}

  private final Admission admission;
  private final MemoryBudget memory;
  private final Map<SessionKey, Session> byKey = new ConcurrentHashMap<>();
  private final Map<String, Set<Session>> byNode = new ConcurrentHashMap<>();
  private final Map<Integer, Session> byTsih = new ConcurrentHashMap<>();
  private final Map<Boot, Shared> boots = new HashMap<>();

  /**
   * Logins that are being decided. A revocation is written down here and nowhere else: a grant that
   * was made before it, and that we have not been told of yet, is then found to be revoked. So no
   * revocation has to be remembered for longer than the logins that it may concern.
   */
  private final Set<Question> questions = new HashSet<>();

  private volatile boolean closing;
  private int lastTsih;

  public Sessions(Admission admission, MemoryBudget memory) {
    this.admission = admission;
    this.memory = memory;
  }

  public Admission admission() {
    return admission;
  }

  MemoryBudget memory() {
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
    synchronized (questions) {
      for (Question question : questions) {
        if (question.node.equals(targetName)) {
          question.revokedUpTo = Math.max(question.revokedUpTo, generation);
        }
      }
    }
    return closeAll(
        of(targetName).stream().filter(s -> s.generation() <= generation).toList(), reason);
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
    return CompletableFuture.allOf(
        sessions.stream().map(Session::drained).toArray(CompletableFuture[]::new));
  }
}
