// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.wire.Limits;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds connections whose other end is gone without a word (RFC 7143 §7.14): one that has been idle
 * is asked for a sign of life, and is lost if none comes. Only for initiators that have sent a ping
 * themselves: firmware cannot answer one, and may be silent for hours.
 */
final class Heartbeat {
  private final Session session;
  private final Connection connection;

  /** PDUs that had come at the last look. */
  private long seen;

  private boolean asked;
  private @Nullable Future<?> timer;

  Heartbeat(Session session, Connection connection) {
    this.session = session;
    this.connection = connection;
  }

  void begin() {
    seen = connection.received();
    timer = session.timer(this::look, Limits.IDLE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** The connection is closed. */
  void end() {
    Future<?> running = timer;
    if (running != null) {
      running.cancel(false);
    }
  }

  private void look() {
    if (connection.isLeaving()) {
      return;
    }
    if (connection.received() != seen) {
      asked = false;
      begin();
    } else if (!asked) {
      asked = true;
      connection.ping();
      timer = session.timer(this::look, Limits.PING_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      session.lost(connection, "no answer to a ping");
    }
  }
}
