// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A running iSCSI target. All methods may be called from any thread. */
public final class IscsiTarget implements AutoCloseable {

  private IscsiTarget() {
    pending("start");
  }

  private static void pending(String what) {
    throw new UnsupportedOperationException("lands next: " + what);
  }

  /**
   * Starts to listen on all addresses of the settings.
   *
   * @throws IOException when one of them cannot be had, with a message of one line that says which
   *     and what to do; nothing listens then
   */
  public static IscsiTarget start(TargetSettings settings, Admission admission) throws IOException {
    pending("start" + settings + admission);
    return new IscsiTarget();
  }

  /** The addresses that it listens on, with the ports that port 0 became. */
  public List<InetSocketAddress> addresses() {
    pending("addresses");
    return List.of();
  }

  /** The sessions of a target that are in the full feature phase now. */
  public List<TargetSession> sessions(String targetName) {
    pending(targetName);
    return List.of();
  }

  /**
   * Closes the sessions of a target whose lease's generation is {@code generation} or less, those
   * in the making included.
   *
   * @param reason one sentence for the log
   * @return completes when no command of any of these sessions can reach its disk any more; never
   *     fails
   */
  public CompletionStage<Void> revoke(String targetName, long generation, String reason) {
    pending(targetName + generation + reason);
    return java.util.concurrent.CompletableFuture.completedStage(null);
  }

  /**
   * Stops listening, closes all sessions, and waits, 10 seconds at most, until none of their
   * commands can reach a disk.
   */
  @Override
  public void close() {
    pending("close");
  }
}
