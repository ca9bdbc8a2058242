// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.Isid;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.UnknownRequest;
import dev.rootstock.target.scsi.Cdb;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.ScsiTarget;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A session (RFC 7143 §4.2.1), from the moment its initiator has been admitted until no command of
 * it can reach a disk any more.
 *
 * <p><b>Its life.</b> <em>Granted</em>: policy has said yes, and sessions that this one reinstates
 * are being drained. <em>Open</em>: the full feature phase. <em>Closed</em>: its connections are
 * gone, its tasks aborted, and operations that a device has begun are awaited. <em>Ended</em>: the
 * lease is given back, exactly once. Every way out leads through {@link #close}, {@link #finish}.
 *
 * <p><b>Threads.</b> All state belongs to one event loop, that of the leading connection. Other
 * threads reach a session by {@link #close}, {@link #probe} and {@link #execute} only. Tasks write
 * to their connection without a detour, so that all connections of a session have to live on that
 * loop: once there may be several, a later one is registered there anew before its handler changes
 * to {@link FullFeatureHandler}, which keeps the connection that it feeds; and {@link #connection}
 * becomes a map by CID.
 */
public final class Session implements TargetSession {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private enum State {
    GRANTED,
    OPEN,
    CLOSED,
    ENDED
  }

  private final Sessions sessions;
  private final SessionKey key;
  private final EventLoop loop;
  private final InetSocketAddress initiator;
  private final Admission.@Nullable Lease lease;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /** Completes when the sessions that this one reinstates have ended. */
  private final CompletableFuture<Void> placeFree = new CompletableFuture<>();

  private final TaskSet tasks = new TaskSet();
  private final TaskManagement management = new TaskManagement(this, tasks);
  private final ArrayDeque<Task> awaitingMemory = new ArrayDeque<>();
  private final Runnable memoryTurn;
  private volatile State state = State.GRANTED;
  private String closeReason = "";
  private CommandWindow window = new CommandWindow(0);
  private @Nullable Connection connection;
  private @Nullable ScsiTarget scsiTarget;
  private volatile @Nullable Nexus nexus;
  private int tsih;
  private int operations;
  private int reserved;
  private int lastTransferTag;
  private boolean startScheduled;

  /** Whether it was this session's own limit that the last reservation met. */
  private boolean ownLimit;

  private boolean turnAsked;

  /**
   * Makes a session that has been granted; {@link Sessions#granted} makes it known.
   *
   * @param lease null for a discovery session
   */
  public Session(
      Sessions sessions,
      SessionKey key,
      EventLoop loop,
      InetSocketAddress initiator,
      Admission.@Nullable Lease lease) {
    this.sessions = sessions;
    this.key = key;
    this.loop = loop;
    this.initiator = initiator;
    this.lease = lease;
    this.memoryTurn = () -> loop.execute(this::takeMemoryTurn);
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

  /** Whether it may only ask for targets (RFC 7143 §4.3). */
  boolean isDiscovery() {
    return lease == null;
  }

  long generation() {
    return lease == null ? 0 : lease.generation();
  }

  /** What completes when the session has ended. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  CompletableFuture<Void> placeFree() {
    return placeFree;
  }

  Sessions sessions() {
    return sessions;
  }

  MemoryBudget memory() {
    return sessions.memory();
  }

  @Nullable ScsiTarget scsiTarget() {
    return scsiTarget;
  }

  @Nullable Nexus nexus() {
    return nexus;
  }

  TaskSet tasks() {
    return tasks;
  }

  /** Whether the session is in the full feature phase; for any thread. */
  boolean isOpen() {
    return state == State.OPEN;
  }

  /** Whether it is neither open yet nor closed already. */
  public boolean isGranted() {
    return state == State.GRANTED;
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
    synchronized (drained) {
      action.run();
    }
  }

  /**
   * Takes a TSIH, when the login is about to succeed.
   *
   * @param firstCmdSn the CmdSN of the leading login (RFC 7143 §11.12.8)
   * @return the TSIH, or 0 when the session has been closed meanwhile
   */
  public int reserveTsih(int firstCmdSn) {
    if (state != State.GRANTED) {
      return 0;
    }
    window = new CommandWindow(firstCmdSn);
    tsih = sessions.takeTsih(this);
    return tsih;
  }

  /** Why it was closed. */
  public String closeReason() {
    return closeReason;
  }

  /**
   * Begins the full feature phase, with the final Login Response sent.
   *
   * @return the connection, or null when the session has been closed meanwhile
   */
  @Nullable Connection open(
      ChannelHandlerContext ctx, int cid, int nextStatSn, TransferParameters parameters) {
    if (state != State.GRANTED) {
      var _ = ctx.close();
      return null;
    }
    state = State.OPEN;
    Connection leading = new Connection(this, ctx, cid, nextStatSn, parameters);
    connection = leading;
    if (lease == null) {
      // It needs no credentials, so that it may not keep a place for long.
      schedule(
          () -> closeOnLoop("a discovery session has its time"),
          Limits.DISCOVERY_MILLIS,
          TimeUnit.MILLISECONDS);
    } else {
      try {
        attach(lease);
      } catch (RuntimeException e) {
        LOG.error("the disks of {} cannot be served", key.node(), e);
        closeOnLoop("its logical units cannot be served: " + e.getMessage());
        return null;
      }
    }
    LOG.info("{} has logged in to {} from {}", initiatorName(), key.node(), initiator);
    return leading;
  }

  private void attach(Admission.Lease units) {
    ScsiTarget shared = sessions.scsiTarget(key.node(), units.generation());
    scsiTarget = shared;
    nexus = shared.attach(units.units());
    units.opened(this);
  }

  // ---- What the connection's PDUs do -----------------------------------------------------------

  /** Takes a PDU; the caller releases it. */
  void receive(Connection from, InitiatorPdu pdu) {
    if (state != State.OPEN) {
      return;
    }
    from.receiving();
    if (isDiscovery() && !(pdu instanceof TextRequest || pdu instanceof LogoutRequest)) {
      // §7.4.3: nothing but a Text or Logout Response may answer here.
      close("a discovery session asked for more than targets");
      return;
    }
    switch (pdu) {
      case ScsiCommand command -> numbered(from, command, command.cmdSn(), command.immediate());
      case DataOut data -> {
        int reason = tasks.dataOut(data);
        if (reason != 0) {
          from.reject(data, reason);
        }
      }
      case NopOut nop -> numbered(from, nop, nop.cmdSn(), nop.immediate());
      case TaskManagementRequest request ->
          numbered(from, request, request.cmdSn(), request.immediate());
      case TextRequest text -> numbered(from, text, text.cmdSn(), text.immediate());
      case LogoutRequest logout -> numbered(from, logout, logout.cmdSn(), logout.immediate());
      case LoginRequest login -> from.reject(login, Reject.PROTOCOL_ERROR);
      // §11.16: a level above 0 is what SNACK is for.
      case SnackRequest snack -> from.reject(snack, Reject.COMMAND_NOT_SUPPORTED);
      case UnknownRequest unknown -> from.reject(unknown, Reject.COMMAND_NOT_SUPPORTED);
    }
  }

  /** Delivers a request in its order (RFC 7143 §4.2.2.1). */
  private void numbered(Connection from, InitiatorPdu pdu, int cmdSn, boolean immediate) {
    if (immediate) {
      deliverImmediate(from, pdu);
      return;
    }
    if (!window.admits(cmdSn)) {
      return;
    }
    if (inProgress(pdu)) {
      // The number of a rejected command does not count as received (§7.3).
      from.reject(pdu, Reject.TASK_IN_PROGRESS);
      return;
    }
    if (cmdSn != window.expCmdSn()) {
      hold(from, pdu, cmdSn);
      return;
    }
    window.advance();
    deliver(from, pdu);
    deliverHeld();
  }

  /** Whether a command has the tag of a task that is not over (RFC 7143 §11.2.1.8). */
  private boolean inProgress(InitiatorPdu pdu) {
    return pdu instanceof ScsiCommand command && tasks.contains(command.itt());
  }

  void deliverHeld() {
    CommandWindow.Early early = window.peek();
    while (early != null) {
      try {
        if (inProgress(early.pdu())) {
          // Its tag was free when it came. As in numbered(): its number is a hole again.
          window.drop();
          early.connection().reject(early.pdu(), Reject.TASK_IN_PROGRESS);
        } else {
          window.next();
          deliver(early.connection(), early.pdu());
        }
      } finally {
        early.pdu().release();
      }
      early = window.peek();
    }
    management.arrived();
  }

  /** Keeps a request until its turn, with a copy of its data that pins no network buffer. */
  private void hold(Connection from, InitiatorPdu pdu, int cmdSn) {
    InitiatorPdu kept =
        switch (pdu) {
          case ScsiCommand c ->
              new ScsiCommand(
                  false,
                  c.complete(),
                  c.read(),
                  c.write(),
                  c.attribute(),
                  c.lun(),
                  c.itt(),
                  c.expectedLength(),
                  c.cmdSn(),
                  c.expStatSn(),
                  c.cdbHigh(),
                  c.cdbLow(),
                  c.ahs(),
                  c.data().copy());
          case NopOut n ->
              new NopOut(
                  false, n.lun(), n.itt(), n.ttt(), n.cmdSn(), n.expStatSn(), n.data().copy());
          case TextRequest t ->
              new TextRequest(
                  false,
                  t.complete(),
                  t.more(),
                  t.lun(),
                  t.itt(),
                  t.ttt(),
                  t.cmdSn(),
                  t.expStatSn(),
                  t.data().copy());
          // Others have no data.
          default -> pdu;
        };
    if (!window.hold(cmdSn, new CommandWindow.Early(from, kept))) {
      kept.release();
    }
  }

  private void deliverImmediate(Connection from, InitiatorPdu pdu) {
    if (pdu instanceof ScsiCommand) {
      if (inProgress(pdu)) {
        from.reject(pdu, Reject.TASK_IN_PROGRESS);
        return;
      }
      if (tasks.immediate() >= Limits.IMMEDIATE_COMMANDS) {
        from.reject(pdu, Reject.TOO_MANY_IMMEDIATE);
        return;
      }
    }
    deliver(from, pdu);
  }

  private void deliver(Connection from, InitiatorPdu pdu) {
    if (state != State.OPEN) {
      return;
    }
    switch (pdu) {
      case ScsiCommand command -> command(from, command);
      case NopOut nop -> nop(from, nop);
      case TaskManagementRequest request -> management.handle(from, request);
      case TextRequest request -> from.text().handle(request);
      case LogoutRequest request -> logout(from, request);
      default -> throw new IllegalStateException("not a numbered request: " + pdu);
    }
  }

  private void command(Connection from, ScsiCommand command) {
    Nexus to = nexus;
    if (to == null) {
      return;
    }
    Plan plan;
    if (command.read() && command.write() && command.expectedLength() != 0) {
      // No command that we know moves data both ways.
      plan = Plan.Fail.of(Sense.INVALID_OPCODE);
    } else {
      Cdb cdb = new Cdb(command.cdbHigh(), command.cdbLow());
      plan = to.plan(command.lun(), cdb, command.write() ? command.expectedBytes() : 0);
    }
    tasks.add(Task.of(from, command, plan));
  }

  /** RFC 7143 §11.18: a ping is answered, an answer to ours is taken note of. */
  private void nop(Connection from, NopOut nop) {
    if (nop.itt() == Tag.NONE) {
      return;
    }
    from.hasSentPing();
    int echoed = Math.min(nop.data().readableBytes(), from.parameters().maxSendSegment());
    ByteBuf echo = nop.data().retainedSlice(nop.data().readerIndex(), echoed);
    from.writer()
        .write(new NopIn(0, nop.itt(), Tag.NONE, from.takeStatSn(), expCmdSn(), maxCmdSn(), echo));
    from.flushSoon();
  }

  /** RFC 7143 §11.14, §11.15. */
  private void logout(Connection from, LogoutRequest request) {
    int response;
    if (request.reason() == LogoutRequest.REMOVE_FOR_RECOVERY) {
      response = LogoutResponse.RECOVERY_NOT_SUPPORTED;
    } else if (request.reason() == LogoutRequest.CLOSE_CONNECTION && request.cid() != from.cid()) {
      response = LogoutResponse.CID_NOT_FOUND;
    } else {
      response = LogoutResponse.CLOSED;
    }
    if (response != LogoutResponse.CLOSED) {
      answerLogout(from, request, response);
      return;
    }
    // All commands are terminated before the answer (§11.14), those in a device awaited.
    Countdown rest =
        new Countdown(
            () -> {
              if (state == State.OPEN) {
                answerLogout(from, request, LogoutResponse.CLOSED);
                from.closeAfterFlush();
              }
            });
    rest.expect(tasks.abort(task -> true, rest::ended));
    rest.begin();
  }

  private void answerLogout(Connection to, LogoutRequest request, int response) {
    to.writer()
        .write(
            new LogoutResponse(
                response, request.itt(), to.takeStatSn(), expCmdSn(), maxCmdSn(), 0, 0));
    to.flushSoon();
  }

  // ---- What tasks and connections ask of the session --------------------------------------------

  int expCmdSn() {
    return window.expCmdSn();
  }

  int maxCmdSn() {
    return window.maxCmdSn(tasks.numbered());
  }

  CommandWindow window() {
    return window;
  }

  int newTransferTag() {
    lastTransferTag++;
    if (lastTransferTag == Tag.NONE) {
      lastTransferTag = 0;
    }
    return lastTransferTag;
  }

  /** A task is over. What waited for it starts from the loop, when no PDU is half written. */
  void over(Task task) {
    tasks.over(task);
    if (!startScheduled && tasks.mayStartWaiting()) {
      startScheduled = true;
      loop.execute(this::startWaiting);
    }
  }

  private void startWaiting() {
    startScheduled = false;
    if (state == State.OPEN) {
      tasks.startWaiting();
    }
  }

  /** Ends tasks for a function of this session's or of another one's. */
  void abortTasks(Predicate<Task> which, Runnable atRest) {
    Countdown rest = new Countdown(atRest);
    rest.expect(tasks.abort(which, rest::ended));
    rest.begin();
  }

  void schedule(Runnable action, long delay, TimeUnit unit) {
    var _ = loop.schedule(action, delay, unit);
  }

  /** Memory for a transfer; the first one always gets it, so that no session stands still. */
  boolean reserve(int bytes) {
    ownLimit = reserved > 0 && reserved + (long) bytes > Limits.SESSION_BYTES;
    if (ownLimit) {
      return false;
    }
    if (reserved == 0) {
      memory().take(bytes);
    } else if (!memory().tryTake(bytes)) {
      return false;
    }
    reserved += bytes;
    return true;
  }

  void unreserve(int bytes) {
    // Others who wait come first.
    memory().give(bytes);
    freed(bytes);
  }

  /** The session holds less; what it waits for may go on. */
  void freed(int bytes) {
    reserved -= bytes;
    if (reserved == 0 && !awaitingMemory.isEmpty()) {
      loop.execute(this::takeMemoryTurn);
    } else {
      askForMemory();
    }
  }

  void awaitMemory(Task task) {
    awaitingMemory.add(task);
    if (!ownLimit) {
      askForMemory();
    }
  }

  /** Takes a task out of the queue that was aborted. */
  void forget(Task task) {
    awaitingMemory.remove(task);
  }

  private void askForMemory() {
    if (!turnAsked && !awaitingMemory.isEmpty()) {
      turnAsked = true;
      memory().ask(memoryTurn);
    }
  }

  /** Lets one task try; if it finds no memory it goes to the end of the queue. */
  private void takeMemoryTurn() {
    turnAsked = false;
    Task next = state == State.OPEN ? awaitingMemory.poll() : null;
    if (next != null) {
      next.resume();
      if (!ownLimit) {
        askForMemory();
      }
    }
    memory().passOn();
  }

  void operationBegins() {
    operations++;
  }

  void operationEnds() {
    operations--;
    finish();
  }

  // ---- The end
  // -----------------------------------------------------------------------------------

  @Override
  public CompletionStage<Void> close(String reason) {
    execute(() -> closeOnLoop(reason));
    return drained.minimalCompletionStage();
  }

  private void closeOnLoop(String reason) {
    if (state == State.CLOSED || state == State.ENDED) {
      return;
    }
    LOG.atLevel(state == State.OPEN ? Level.INFO : Level.DEBUG)
        .log("session of {} with {} ends: {}", initiatorName(), key.node(), reason);
    state = State.CLOSED;
    closeReason = reason;
    Connection last = connection;
    if (last != null) {
      last.close();
    }
    operations++;
    tasks.abort(task -> true, () -> {});
    window.close();
    awaitingMemory.clear();
    memory().forget(memoryTurn);
    operations--;
    finish();
  }

  private void finish() {
    if (state != State.CLOSED || operations > 0) {
      return;
    }
    state = State.ENDED;
    Nexus left = nexus;
    if (left != null) {
      left.close();
    }
    if (scsiTarget != null) {
      sessions.leave(key.node(), generation());
    }
    sessions.ended(this, tsih);
    try {
      if (lease != null) {
        lease.ended(closeReason);
      }
    } finally {
      drained.complete(null);
    }
  }

  @Override
  public CompletionStage<Liveness> probe(Duration limit) {
    CompletableFuture<Liveness> found = new CompletableFuture<>();
    execute(
        () -> {
          Connection asked = connection;
          if (state != State.OPEN || asked == null) {
            found.complete(Liveness.DEAD);
          } else {
            new Probe(asked, limit, found).begin();
          }
        });
    return found;
  }
}
