// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Lets everybody in to one target with one disk, and keeps a record of every lease. */
public final class OpenAdmission implements Admission {
  public static final String TARGET = "iqn.2026-11.dev.rootstock:test:disk";

  /** A lease that this admission has given. */
  public static final class TestLease implements Lease {
    private final List<LogicalUnit> units;
    private final long generation;
    private final List<String> endings = new CopyOnWriteArrayList<>();
    private final CompletableFuture<TargetSession> opened = new CompletableFuture<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();

    TestLease(List<LogicalUnit> units, long generation) {
      this.units = units;
      this.generation = generation;
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
    public void opened(TargetSession session) {
      opened.complete(session);
    }

    @Override
    public void ended(String why) {
      endings.add(why);
      ended.complete(why);
    }

    /** Completes with the session. */
    public CompletableFuture<TargetSession> opened() {
      return opened;
    }

    /** Completes with the reason of the first ending. */
    public CompletableFuture<String> ended() {
      return ended;
    }

    /** Every call of {@link #ended(String)}. */
    public List<String> endings() {
      return endings;
    }
  }

  private final List<LogicalUnit> units;
  private final List<TestLease> leases = new CopyOnWriteArrayList<>();
  private final List<LoginRequest> requests = new CopyOnWriteArrayList<>();
  private final List<AuthenticationRequest> authentications = new CopyOnWriteArrayList<>();
  private final List<DiscoveryRequest> discoveries = new CopyOnWriteArrayList<>();
  private final AtomicLong generation = new AtomicLong(1);
  private volatile List<String> targets = List.of(TARGET);
  private volatile @Nullable CompletionStage<Void> before;
  private volatile @Nullable Refused refusal;
  private volatile @Nullable Redirected redirection;
  private volatile CompletionStage<Authentication> authentication =
      CompletableFuture.completedStage(Authentication.NOT_NEEDED);

  public OpenAdmission(BlockDevice... devices) {
    LogicalUnit[] made = new LogicalUnit[devices.length];
    for (int lun = 0; lun < devices.length; lun++) {
      made[lun] = new LogicalUnit(lun, devices[lun], 0x3000_0000_0000_0001L + lun, "TEST" + lun);
    }
    units = List.of(made);
  }

  /** Every later decision waits for this. */
  public void waitFor(CompletionStage<Void> stage) {
    before = stage;
  }

  /** Every later login is refused so. */
  public void refuse(LoginStatus status, String reason) {
    refusal = new Refused(status, reason);
  }

  /** What every later login has to prove. */
  public void ask(Authentication what) {
    ask(CompletableFuture.completedStage(what));
  }

  /** What every later login has to prove, when that is known. */
  public void ask(CompletionStage<Authentication> what) {
    authentication = what;
  }

  /** Every later login is sent elsewhere. */
  public void redirect(InetSocketAddress portal, boolean permanent) {
    redirection = new Redirected(portal, permanent);
  }

  /** Later logins belong to the next boot. */
  public long nextGeneration() {
    return generation.incrementAndGet();
  }

  /** What discovery finds. */
  public void targets(List<String> names) {
    targets = List.copyOf(names);
  }

  public List<TestLease> leases() {
    return leases;
  }

  public List<LoginRequest> requests() {
    return requests;
  }

  public List<AuthenticationRequest> authentications() {
    return authentications;
  }

  public List<DiscoveryRequest> discoveries() {
    return discoveries;
  }

  @Override
  public CompletionStage<Authentication> authentication(AuthenticationRequest request) {
    authentications.add(request);
    return authentication;
  }

  @Override
  public CompletionStage<Decision> admit(LoginRequest request) {
    requests.add(request);
    Redirected redirected = redirection;
    if (redirected != null) {
      return CompletableFuture.completedStage(redirected);
    }
    Refused refused = refusal;
    if (refused != null) {
      return CompletableFuture.completedStage(refused);
    }
    if (!request.targetName().equals(TARGET)) {
      return CompletableFuture.completedStage(new Refused(LoginStatus.NOT_FOUND, "no such target"));
    }
    TestLease lease = new TestLease(units, generation.get());
    leases.add(lease);
    CompletionStage<Void> wait = before;
    return wait == null
        ? CompletableFuture.completedStage(new Granted(lease))
        : wait.thenApply(_ -> new Granted(lease));
  }

  @Override
  public CompletionStage<Optional<Refused>> join(LoginRequest request, Lease lease) {
    requests.add(request);
    return CompletableFuture.completedStage(Optional.ofNullable(refusal));
  }

  @Override
  public CompletionStage<List<String>> targets(DiscoveryRequest request) {
    discoveries.add(request);
    return CompletableFuture.completedStage(targets);
  }
}
