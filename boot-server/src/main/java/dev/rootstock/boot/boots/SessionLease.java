// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.target.Admission.Lease;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.TargetSession;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One login's right to the client's disk, from its request to its session's end. */
final class SessionLease implements Lease {
  private final ClientBoots client;
  private final long id;
  private final LoginRequest request;
  private final Instant since;
  private volatile long generation;
  private volatile List<LogicalUnit> units = List.of();
  private volatile @Nullable TargetSession session;

  SessionLease(ClientBoots client, long id, LoginRequest request, Instant since) {
    this.client = client;
    this.id = id;
    this.request = request;
    this.since = since;
  }

  void granted(long newGeneration, List<LogicalUnit> newUnits) {
    generation = newGeneration;
    units = newUnits;
  }

  LoginRequest request() {
    return request;
  }

  /** The session, null while it has not entered the full feature phase. */
  @Nullable TargetSession session() {
    return session;
  }

  CompletableFuture<Void> close(String reason) {
    TargetSession open = session;
    return open == null
        ? CompletableFuture.completedFuture(null)
        : open.close(reason).toCompletableFuture();
  }

  ClientStatus.SessionStatus status(InitiatorKind kind) {
    return new ClientStatus.SessionStatus(
        id,
        request.initiatorName(),
        request.isid().toString(),
        ClientBoots.address(request).getHostAddress(),
        kind.text(),
        since);
  }

  @Override
  public List<LogicalUnit> units() {
    return units;
  }

  @Override
  public long generation() {
    return generation;
  }

  @Override
  public void opened(TargetSession opened) {
    session = opened;
    client.opened(id);
  }

  @Override
  public void ended(String why) {
    client.ended(id, generation, why);
  }
}
