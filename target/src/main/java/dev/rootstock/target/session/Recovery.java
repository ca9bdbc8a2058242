// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.scsi.Lun;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a session when connections of it are lost or logged out, and of their tasks (RFC
 * 7143 §7.1.4.3, §7.14, §8.2).
 *
 * <p><b>Level 0.</b> The session ends: there is no other class of recovery (§7.1.5).
 *
 * <p><b>Level 1.</b> If another connection is left, the tasks of the lost one are terminated, and
 * its CID waits for its logout or for its reinstatement.
 *
 * <p><b>Level 2.</b> The connection is <em>suspended</em>: operations that a device has begun go
 * on, and what its tasks would send is kept as if it had been sent and not arrived. After its
 * logout (§11.14, or §6.3.4) its tasks wait for TASK REASSIGN. All that lasts Time2Wait and
 * Time2Retain, then the tasks are terminated; and the session ends if it has no connection by then.
 *
 * <p><b>Bounds.</b> Suspended connections are as few as connections; what they keep is counted
 * where it was counted before, in the memory of the session's transfers and of what is
 * unacknowledged; and {@link Limits#RETAINED_SESSIONS} may be without a connection.
 */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Session session;
  private final Connections connections;
  private final Farewell farewell;

  /** Connections that are gone and have not timed out, the oldest first. */
  private final List<Lost> lost = new ArrayList<>();

  /** Whether the session counts among those without a connection. */
  private boolean retained;

  /** A connection that is gone; its tasks may be reassigned once it is logged out. */
  private static final class Lost {
    private final Connection connection;
    private boolean loggedOut;
    private @Nullable Future<?> timer;

    Lost(Connection connection) {
      this.connection = connection;
    }

    /** It is over, and nothing is to hold it for the rest of its time. */
    void stopTimer() {
      Future<?> running = timer;
      if (running != null) {
        running.cancel(false);
      }
    }
  }

  Recovery(Session session, Connections connections, Farewell farewell) {
    this.session = session;
    this.connections = connections;
    this.farewell = farewell;
  }

  private SessionParameters agreed() {
    return session.agreed();
  }

  /** Whether tasks outlive their connections. */
  private boolean retains() {
    return agreed().recoveryLevel() == 2 && agreed().timeToRetain() > 0;
  }

  /** A connection is no longer among the session's, whoever has closed it. */
  void gone(Connection gone, String why) {
    if (!gone.isLeaving()) {
      lost(gone, why);
      return;
    }
    // What it had kept for its initiator is given back, unless its tasks may be reassigned.
    gone.close();
    if (connections.isEmpty()) {
      // §6.3.5: the last one was logged out.
      endIfForsaken(why);
    }
  }

  /** A connection has failed. */
  private void lost(Connection gone, String why) {
    if (retains()) {
      LOG.info("{} may recover connection {}: {}", session.initiatorName(), gone.cid(), why);
      suspend(gone);
      gone.close();
      endIfForsaken(why);
    } else if (agreed().recoveryLevel() == 0 || connections.live().isEmpty()) {
      gone.close();
      var _ = session.close(why);
      return;
    } else {
      LOG.info("{} has lost connection {}: {}", session.initiatorName(), gone.cid(), why);
      gone.close();
      gone.dropSent();
      session.delivery().drop(gone);
      terminate(task -> task.isAllegiantTo(gone), () -> {});
      keep(new Lost(gone));
    }
    session.fence().changed();
    farewell.connectionDropped(gone.cid(), agreed().timeToWait(), agreed().timeToRetain());
  }

  /** Nothing more is sent or taken; what the tasks do is kept (§11.14). */
  private Lost suspend(Connection gone) {
    Lost waits = new Lost(gone);
    // First: a write that fails now comes back here as the loss of the connection.
    keep(waits);
    gone.suspend();
    session.delivery().drop(gone);
    // §7.14: immediate commands are not recoverable.
    terminate(task -> task.isAllegiantTo(gone) && task.immediate(), () -> {});
    return waits;
  }

  private void keep(Lost waits) {
    if (lost.size() == Limits.SESSION_CONNECTIONS) {
      expire(lost.getFirst());
    }
    lost.add(waits);
    expireLater(waits);
  }

  private void expireLater(Lost waits) {
    waits.timer =
        session.timer(
            () -> expire(waits),
            agreed().timeToWait() + (long) agreed().timeToRetain(),
            TimeUnit.SECONDS);
  }

  /** Its time is over (transition M1 of §8.2.2; §11.14.5 b and c). */
  private void expire(Lost waits) {
    if (lost.remove(waits)) {
      waits.stopTimer();
      drop(waits.connection);
      endIfForsaken("its last connection was not recovered in time");
    }
  }

  private void drop(Connection gone) {
    gone.dropSent();
    terminate(task -> task.isAllegiantTo(gone), () -> {});
  }

  /** A session without a connection is kept while one may be recovered, and there is room. */
  private void endIfForsaken(String why) {
    if (!session.isOpen() || !connections.live().isEmpty()) {
      return;
    }
    if (lost.isEmpty()) {
      var _ = session.close(why);
    } else if (!retained) {
      retained = session.sessions().retain();
      if (!retained) {
        var _ = session.close("too many sessions wait for their connections");
      }
    }
  }

  /** A connection has joined. */
  void joined() {
    if (retained) {
      retained = false;
      session.sessions().retained();
    }
  }

  /** Whether a CID belongs to a connection, live or waiting for its logout. */
  boolean holds(int cid) {
    return connections.live(cid) != null || waiting(cid) != null;
  }

  private @Nullable Lost waiting(int cid) {
    for (Lost waits : lost) {
      if (waits.connection.cid() == cid && !waits.loggedOut) {
        return waits;
      }
    }
    return null;
  }

  /**
   * A task begins on a connection. What older ones of its tag have left on others is of no use any
   * more, and must not be taken for its own when it is reassigned.
   */
  void tagTaken(int itt, Connection by) {
    connections.all().forEach(other -> other.tagTaken(itt, by));
    lost.forEach(waits -> waits.connection.tagTaken(itt, by));
  }

  /** Whether nothing of any connection waits for its recovery. */
  boolean isEmpty() {
    return lost.isEmpty();
  }

  /** The implicit logout of a connection that is logged in anew (RFC 7143 §6.3.4, §11.14). */
  void reinstate(int cid, Runnable then) {
    Connection old = connections.live(cid);
    if (retains()) {
      var _ = logOutForRecovery(cid);
      then.run();
    } else {
      logOut(cid, then);
    }
    if (old != null) {
      connections.remove(old);
      old.close();
    }
  }

  /**
   * Logs a connection out with the reason "close the connection" (RFC 7143 §11.14): nothing that
   * comes on it counts any more, and its tasks are terminated. It is not closed.
   *
   * @param then run when no command of it can reach a disk
   */
  void logOut(int cid, Runnable then) {
    Lost waits = waiting(cid);
    Connection old = waits == null ? connections.live(cid) : waits.connection;
    if (old == null) {
      then.run();
      return;
    }
    if (waits != null) {
      lost.remove(waits);
      waits.stopTimer();
    }
    old.leave();
    session.delivery().drop(old);
    old.dropSent();
    terminate(task -> task.isAllegiantTo(old), then);
  }

  /**
   * Logs a connection out with the reason "remove the connection for recovery": its tasks wait to
   * be reassigned. A live one is not closed.
   *
   * @return whether there is such a connection
   */
  boolean logOutForRecovery(int cid) {
    Lost waits = waiting(cid);
    Connection live = connections.live(cid);
    if (waits == null && live != null) {
      waits = suspend(live);
    } else if (waits != null) {
      // The time of §11.15.4 begins now.
      lost.remove(waits);
      waits.stopTimer();
      Lost again = new Lost(waits.connection);
      lost.add(again);
      expireLater(again);
      waits = again;
    }
    if (waits == null) {
      return false;
    }
    waits.loggedOut = true;
    session.fence().changed();
    return true;
  }

  /** A connection that was logged out has been closed. */
  void closed(String why) {
    endIfForsaken(why);
  }

  /** Whether tasks may be reassigned at all. */
  boolean reassigns() {
    return agreed().recoveryLevel() == 2;
  }

  /**
   * The connection whose task, or whose unacknowledged response, has a tag.
   *
   * @param task the task in progress of that tag, or null
   * @return null when there is none
   */
  @Nullable Connection holder(int tag, @Nullable Task task) {
    for (Lost waits : lost) {
      if (holds(waits.connection, tag, task)) {
        return waits.connection;
      }
    }
    for (Connection live : connections.live()) {
      if (holds(live, tag, task)) {
        return live;
      }
    }
    return null;
  }

  private static boolean holds(Connection connection, int tag, @Nullable Task task) {
    return task != null ? task.isAllegiantTo(connection) : connection.hasResponse(tag);
  }

  /** Whether the connection was logged out, so that its tasks may be reassigned (§7.2.2). */
  boolean isLoggedOut(Connection connection) {
    return lost.stream().anyMatch(waits -> waits.loggedOut && waits.connection == connection);
  }

  /** Terminates tasks, of which the initiator is told with the next command (§11.14.5). */
  private void terminate(Predicate<Task> which, Runnable then) {
    Set<Integer> units = new HashSet<>();
    session
        .termination()
        .abort(
            task -> {
              boolean affected = which.test(task);
              if (affected) {
                units.add(Lun.number(task.lun()));
              }
              return affected;
            },
            then);
    Nexus nexus = session.nexus();
    if (nexus != null) {
      units.forEach(lun -> nexus.attention(lun, Sense.CLEARED_BY_PROTOCOL));
    }
  }

  /** The session ends; its tasks are somebody else's to terminate. */
  void close() {
    lost.forEach(
        waits -> {
          waits.stopTimer();
          waits.connection.close();
          waits.connection.dropSent();
        });
    lost.clear();
    joined();
  }
}
