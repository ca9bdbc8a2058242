// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** A live session as policy sees it. Methods may be called from any thread. */
public interface TargetSession {

  /** The initiator's name, normalised. */
  String initiatorName();

  /** The initiator's part of the session identifier. */
  Isid isid();

  /** The address of the session's leading connection. */
  InetSocketAddress initiator();

  /**
   * Finds out whether the other end still lives, without harm to an initiator that cannot answer: a
   * NOP-In goes only to one that has sent a NOP-Out, and every other one is asked by TCP alone.
   */
  CompletionStage<Liveness> probe(Duration limit);

  /** Closes all connections; completes when no command of the session can reach its disk. */
  CompletionStage<Void> close(String reason);

  /** What a probe found. */
  enum Liveness {
    /** It answered. */
    ALIVE,
    /** Its connections are closed or were reset, or it can answer a probe and was silent. */
    DEAD,
    /** It was silent, and it may be one that cannot answer. */
    SILENT
  }
}
