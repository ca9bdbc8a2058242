// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.target.Admission.Decision;
import dev.rootstock.target.Admission.Granted;
import dev.rootstock.target.Admission.Lease;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Isid;
import dev.rootstock.target.TargetSession;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** Does with leases what the target does, without a network. */
final class FakeTarget implements Revocation {
  private final List<FakeSession> sessions = new CopyOnWriteArrayList<>();

  /** A session in its full feature phase. */
  final class FakeSession implements TargetSession {
    final Lease lease;
    private final LoginRequest request;
    volatile Liveness liveness = Liveness.ALIVE;
    private boolean over;

    FakeSession(Lease lease, LoginRequest request) {
      this.lease = lease;
      this.request = request;
    }

    @Override
    public String initiatorName() {
      return request.initiatorName();
    }

    @Override
    public Isid isid() {
      return request.isid();
    }

    @Override
    public InetSocketAddress initiator() {
      return request.initiator();
    }

    @Override
    public CompletionStage<Liveness> probe(Duration limit) {
      return CompletableFuture.completedFuture(liveness);
    }

    @Override
    public synchronized CompletionStage<Void> close(String reason) {
      if (!over) {
        over = true;
        sessions.remove(this);
        lease.ended(reason);
      }
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Enters the full feature phase. */
  FakeSession open(Decision decision, LoginRequest request) {
    if (!(decision instanceof Granted(Lease lease))) {
      throw new AssertionError("not granted: " + decision);
    }
    FakeSession session = new FakeSession(lease, request);
    sessions.add(session);
    lease.opened(session);
    return session;
  }

  @Override
  public CompletionStage<Void> revoke(String targetName, long generation, String reason) {
    for (FakeSession session : sessions) {
      if (session.request.targetName().equals(targetName)
          && session.lease.generation() <= generation) {
        session.close(reason);
      }
    }
    return CompletableFuture.completedFuture(null);
  }
}
