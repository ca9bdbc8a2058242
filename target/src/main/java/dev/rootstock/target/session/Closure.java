// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.scsi.Nexus;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** How a session comes to its end: closed at once, or after its initiator was asked to log out. */
final class Closure {
  private static final Logger LOG = LoggerFactory.getLogger(Closure.class);

  private final Session session;
  private final Ending ending;
  private final FullFeatureEntry entry;
  private final Connections connections;
  private final TaskSet tasks;
  private final Recovery recovery;
  private final Farewell farewell;
  private volatile boolean loggedOut;

  Closure(
      Session session,
      Ending ending,
      FullFeatureEntry entry,
      Connections connections,
      TaskSet tasks,
      Recovery recovery,
      Farewell farewell) {
    this.session = session;
    this.ending = ending;
    this.entry = entry;
    this.connections = connections;
    this.tasks = tasks;
    this.recovery = recovery;
    this.farewell = farewell;
  }

  /** Begins nothing more, and puts an end to what there is; on the session's loop. */
  void close(String reason) {
    boolean wasOpen = session.isOpen();
    if (!ending.close(reason)) {
      return;
    }
    LOG.atLevel(wasOpen && !session.isDiscovery() ? Level.INFO : Level.DEBUG)
        .log(
            "session of {} with {} ends: {}",
            session.initiatorName(),
            session.key().node(),
            reason);
    ending.operationBegins();
    entry.close();
    if (wasOpen) {
      farewell.sessionDropped(session.agreed().timeToWait());
    }
    connections.close();
    recovery.close();
    tasks.abort(task -> true, _ -> false, () -> {});
    Nexus left = session.nexus();
    if (left != null) {
      ending.operationBegins();
      left.leave(() -> session.execute(ending::operationEnds));
    }
    session.delivery().close();
    session.memory().close();
    ending.operationEnds();
  }

  /** Ends the session with a connection, as soon as the last answer has gone out on it. */
  void endWith(Connection last) {
    loggedOut = true;
    recovery.close();
    for (Connection other : connections.live()) {
      if (other != last) {
        connections.remove(other);
        other.close();
      }
    }
    // Last: where the write fails the session ends at once.
    last.closeAfterFlush();
  }

  /** Whether it has been logged out, and ends when its connection does; for any thread. */
  boolean isLoggedOut() {
    return loggedOut;
  }

  /** {@link Session#drain}, on the session's loop. */
  void drain(int seconds) {
    if (session.isOpen() && farewell.askForLogout(seconds)) {
      session.schedule(
          () -> close("it did not log out when it was asked to"), seconds, TimeUnit.SECONDS);
    } else {
      close("drained");
    }
  }
}
