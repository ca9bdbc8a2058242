// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.InitiatorPort;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A session (RFC 7143 §4.2.1), from the moment its initiator has been admitted until no command of
 * it can reach a disk any more.
 *
 * <p><b>Its life.</b> <em>Granted</em>: policy has said yes, and sessions that this one reinstates
 * are being drained. <em>Open</em>: the full feature phase. <em>Closed</em>: its connections are
 * gone, its tasks aborted, and operations that a device has begun are awaited. <em>Ended</em>: the
 * lease is given back, exactly once. Every way out leads through {@link #close} and {@link Ending}.
 *
 * <p><b>Its parts.</b> {@link Connections} by CID; {@link Delivery} of what comes on them, in the
 * order of CmdSN; the {@link TaskSet} of commands in progress; {@link TaskManagement}; {@link
 * TaskTermination}; {@link Logout}; {@link Recovery}; {@link SessionMemory} of its transfers.
 * {@link FullFeatureEntry} lets connections in, {@link Closure} ends it all.
 *
 * <p><b>Threads.</b> All state belongs to one event loop, that of the leading connection. Other
 * threads reach a session by {@link #close}, {@link #probe} and {@link #execute} only. Tasks write
 * to their connection without a detour, so that all connections of a session have to live on that
 * loop: a later one is registered there anew before its handler changes to {@link
 * FullFeatureHandler}, which keeps the connection that it feeds.
 */
public final class Session implements TargetSession {
  private final Sessions sessions;
  private final SessionKey key;
  private final EventLoop loop;
  private final InetSocketAddress initiator;
  private final @Nullable String identity;
  private final Admission.@Nullable Lease lease;
  private final Ending ending = new Ending(this::giveBack);

  /** Completes when the sessions that this one reinstates have ended. */
  private final CompletableFuture<Void> placeFree = new CompletableFuture<>();

  private final Connections connections = new Connections();
  private final TaskSet tasks = new TaskSet();
  private final Delivery delivery;
  private final ResponseFence fence = new ResponseFence(this, tasks);
  private final Farewell farewell = new Farewell(connections);
  private final Recovery recovery = new Recovery(this, connections, farewell);
  private final FullFeatureEntry entry = new FullFeatureEntry(this, connections, recovery, ending);
  private final TaskTermination termination = new TaskTermination(this, tasks);
  private final Closure closure =
      new Closure(this, ending, entry, connections, tasks, recovery, farewell);
  private SessionParameters agreed = SessionParameters.LEAST;

  private final SessionMemory memory;
  private final MemoryBudget unacknowledged = new MemoryBudget(Limits.UNACKNOWLEDGED_BYTES);
  private @Nullable ScsiTarget scsiTarget;
  private volatile @Nullable Nexus nexus;
  private int tsih;
  private int lastTransferTag;
  private boolean startScheduled;

  /**
   * Makes a session that has been granted; {@link Sessions#granted} makes it known.
   *
   * @param identity the CHAP name that its initiator has proved; null when it proved nothing
   * @param lease null for a discovery session
   */
  public Session(
      Sessions sessions,
      SessionKey key,
      EventLoop loop,
      InetSocketAddress initiator,
      @Nullable String identity,
      Admission.@Nullable Lease lease) {
    this.sessions = sessions;
    this.key = key;
    this.loop = loop;
    this.initiator = initiator;
    this.identity = identity;
    this.lease = lease;
    this.delivery = new Delivery(this, tasks, sessions.memory());
    this.memory = new SessionMemory(sessions.memory(), loop, ending::isOpen);
  }

  public SessionKey key() {
    return key;
  }

  @Override
  public String initiatorName() {
    return key.initiatorName();
  }

  @Override
  public Isid isid() {
    return key.isid();
  }

  @Override
  public InetSocketAddress initiator() {
    return initiator;
  }

  /** The loop that everything of it runs on. */
  public EventLoop loop() {
    return loop;
  }

  /** Its right to a disk; null for a discovery session. */
  public Admission.@Nullable Lease lease() {
    return lease;
  }

  SessionParameters agreed() {
    return agreed;
  }

  Connections connections() {
    return connections;
  }

  ResponseFence fence() {
    return fence;
  }

  Recovery recovery() {
    return recovery;
  }

  TaskTermination termination() {
    return termination;
  }

  Closure closure() {
    return closure;
  }

  /** The CHAP name that its initiator has proved; null when it proved nothing. */
  public @Nullable String identity() {
    return identity;
  }

  /** Whether it may only ask for targets (RFC 7143 §4.3). */
  boolean isDiscovery() {
    return lease == null;
  }

  long generation() {
    return lease == null ? 0 : lease.generation();
  }

  /** What completes when the session has ended. */
  CompletableFuture<Void> drained() {
    return ending.drained();
  }

  CompletableFuture<Void> placeFree() {
    return placeFree;
  }

  Sessions sessions() {
    return sessions;
  }

  Delivery delivery() {
    return delivery;
  }

  SessionMemory memory() {
    return memory;
  }

  /** What its connections may keep of what they have sent. */
  MemoryBudget unacknowledged() {
    return unacknowledged;
  }

  @Nullable ScsiTarget scsiTarget() {
    return scsiTarget;
  }

  @Nullable Nexus nexus() {
    return nexus;
  }

  /** Whether the session is in the full feature phase; for any thread. */
  boolean isOpen() {
    return ending.isOpen();
  }

  /** Whether it is neither open yet nor closed already. */
  public boolean isGranted() {
    return ending.isGranted();
  }

  /** Whether a connection may join it; for any thread. */
  boolean isJoinable() {
    return isOpen() && !closure.isLoggedOut();
  }

  /** Why it was closed. */
  public String closeReason() {
    return ending.reason();
  }

  /** Runs something on the session's loop: at once if that is the caller's. */
  public void execute(Runnable action) {
    if (loop.inEventLoop()) {
      action.run();
      return;
    }
    try {
      loop.execute(action);
    } catch (RejectedExecutionException e) {
      // The server has stopped before a device answered. The lease has to be given back even so.
      executeAfterLoop(action);
    }
  }

  private void executeAfterLoop(Runnable action) {
    loop.terminationFuture().awaitUninterruptibly();
    synchronized (ending) {
      action.run();
    }
  }

  void schedule(Runnable action, long delay, TimeUnit unit) {
    var _ = timer(action, delay, unit);
  }

  /**
   * The same for longer times: a timer holds what it is for, so that it has to be cancelled when
   * that ends sooner.
   */
  Future<?> timer(Runnable action, long delay, TimeUnit unit) {
    return loop.schedule(action, delay, unit);
  }

  // ---- The beginning ---------------------------------------------------------------------------

  /**
   * Takes a TSIH, when the login is about to succeed.
   *
   * @param firstCmdSn the CmdSN of the leading login (RFC 7143 §11.12.8)
   * @param parameters what the leading login has agreed on
   * @return the TSIH, or 0 when the session has been closed meanwhile
   */
  public int reserveTsih(int firstCmdSn, SessionParameters parameters) {
    if (!isGranted()) {
      return 0;
    }
    agreed = parameters;
    delivery.begin(firstCmdSn);
    tsih = sessions.takeTsih(this);
    return tsih;
  }

  /**
   * Makes room for a connection that joins (RFC 7143 §6.3.1); on the session's loop.
   *
   * @param then told at the end that it may enter, at once, or why it may not
   */
  public void makeRoom(int cid, Consumer<Optional<LoginStatus>> then) {
    entry.makeRoom(cid, then);
  }

  /**
   * Begins the full feature phase of a connection, the leading one or one that {@link #makeRoom}
   * has let in.
   *
   * @return the connection, or null when the session has been closed meanwhile
   */
  @Nullable Connection enter(
      ChannelHandlerContext ctx, int cid, int nextStatSn, TransferParameters parameters) {
    return entry.enter(ctx, cid, nextStatSn, parameters);
  }

  /** Gives the session its nexus, when it opens. */
  void attach(Admission.Lease units) {
    ScsiTarget shared = sessions.scsiTarget(key.node(), units.generation());
    scsiTarget = shared;
    nexus =
        shared.attach(
            new InitiatorPort(key.initiatorName(), key.isid()),
            key.portalGroup(),
            units.units(),
            (lun, atRest) -> execute(() -> termination.preempt(lun, atRest)));
    units.opened(this);
  }

  // ---- What tasks and connections ask of the session --------------------------------------------

  /** Takes a PDU; the caller releases it. */
  void receive(Connection from, InitiatorPdu pdu) {
    delivery.receive(from, pdu);
  }

  /** Takes a PDU whose data do not fit their digest; the caller releases it. */
  void receiveCorrupt(Connection from, InitiatorPdu pdu) {
    delivery.receiveCorrupt(from, pdu);
  }

  /** The number of the next command; for other threads, who may see an older one. */
  public int expCmdSn() {
    return delivery.window().expCmdSn();
  }

  int maxCmdSn() {
    return delivery.window().maxCmdSn(tasks.numbered());
  }

  /** A command that may be sent, if not the last one; for other threads. */
  public int offeredCmdSn() {
    return delivery.window().offered();
  }

  int newTransferTag() {
    lastTransferTag++;
    if (lastTransferTag == Tag.NONE) {
      lastTransferTag = 0;
    }
    return lastTransferTag;
  }

  /** A task is over. What waited for it goes on from the loop, when no PDU is half written. */
  void over(Task task) {
    tasks.over(task);
    fence.over(task);
    if (fence.isAwaited()) {
      loop.execute(fence::changed);
    }
    startWaitingSoon();
  }

  /** Starts the tasks whose turn has come, from the loop. */
  void startWaitingSoon() {
    if (!startScheduled && tasks.mayStartWaiting()) {
      startScheduled = true;
      loop.execute(this::startWaiting);
    }
  }

  private void startWaiting() {
    startScheduled = false;
    if (isOpen()) {
      tasks.startWaiting();
    }
  }

  void operationBegins() {
    ending.operationBegins();
  }

  void operationEnds() {
    ending.operationEnds();
  }

  @Override
  public CompletionStage<Liveness> probe(Duration limit) {
    CompletableFuture<Liveness> found = new CompletableFuture<>();
    execute(() -> Probe.all(connections.live(), limit, found));
    return found;
  }

  /** A connection is gone, whoever has closed it. */
  void lost(Connection connection, String why) {
    if (isOpen() && connections.remove(connection)) {
      recovery.gone(connection, why);
    }
  }

  // ---- The end ---------------------------------------------------------------------------------

  @Override
  public CompletionStage<Void> close(String reason) {
    execute(() -> closure.close(reason));
    return drained().minimalCompletionStage();
  }

  /**
   * Asks the initiator to log out, where it can be asked, and closes the session otherwise (RFC
   * 7143 §11.9.1).
   *
   * @param seconds after which the session is closed in any case
   * @return completes when no command of the session can reach its disk
   */
  CompletionStage<Void> drain(int seconds) {
    execute(() -> closure.drain(seconds));
    return drained().minimalCompletionStage();
  }

  /** The last thing that a session does. */
  private void giveBack() {
    Nexus left = nexus;
    if (left != null) {
      left.close();
    }
    if (scsiTarget != null) {
      sessions.leave(key.node(), generation());
    }
    sessions.ended(this, tsih);
    if (lease != null) {
      lease.ended(closeReason());
    }
  }
}
