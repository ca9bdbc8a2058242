// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import java.util.concurrent.CompletableFuture;

/**
 * How far a session's life has come, and what its end waits for: the operations that devices have
 * begun for it. Changed on the session's event loop only.
 */
final class Ending {
  private enum State {
    GRANTED,
    OPEN,
    CLOSED,
    ENDED
  }

  private final Runnable end;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private volatile State state = State.GRANTED;
  private String reason = "";
  private int operations;

  /**
   * Makes the life of a session that has been granted.
   *
   * @param end gives everything back; run once
   */
  Ending(Runnable end) {
    this.end = end;
  }

  /** Whether the session is neither open yet nor closed already. */
  boolean isGranted() {
    return state == State.GRANTED;
  }

  /** Whether the session is in the full feature phase; for any thread. */
  boolean isOpen() {
    return state == State.OPEN;
  }

  /** Why it was closed. */
  String reason() {
    return reason;
  }

  /** What completes when the session has ended. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  /** The full feature phase begins. */
  void open() {
    state = State.OPEN;
  }

  /**
   * Nothing more is begun. The caller holds an operation while it puts an end to what there is.
   *
   * @return false when the session was closed before
   */
  boolean close(String why) {
    if (state == State.CLOSED || state == State.ENDED) {
      return false;
    }
    state = State.CLOSED;
    reason = why;
    return true;
  }

  void operationBegins() {
    operations++;
  }

  void operationEnds() {
    operations--;
    if (state != State.CLOSED || operations > 0) {
      return;
    }
    state = State.ENDED;
    try {
      end.run();
    } finally {
      drained.complete(null);
    }
  }
}
