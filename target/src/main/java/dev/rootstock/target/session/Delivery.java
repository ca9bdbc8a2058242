// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.Unacknowledged;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.UnknownRequest;
import dev.rootstock.target.scsi.Cdb;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.buffer.ByteBuf;

/**
 * Brings the PDUs of a session's connections to whom they are for: requests in the order of CmdSN,
 * whatever connection they came on (RFC 7143 §4.2.2.1), everything else at once.
 */
final class Delivery {
  private final Session session;
  private final TaskSet tasks;
  private final TaskManagement management;
  private final Logout logout;
  private final MemoryBudget memory;
  private CommandWindow window;

  Delivery(Session session, TaskSet tasks, MemoryBudget memory) {
    this.session = session;
    this.tasks = tasks;
    this.management = new TaskManagement(session, tasks);
    this.logout = new Logout(session);
    this.memory = memory;
    this.window = new CommandWindow(0, memory);
  }

  /** Begins with the CmdSN of the leading login (§11.12.8). */
  void begin(int firstCmdSn) {
    window = new CommandWindow(firstCmdSn, memory);
  }

  CommandWindow window() {
    return window;
  }

  /** Takes a PDU; the caller releases it. */
  void receive(Connection from, InitiatorPdu pdu) {
    if (!session.isOpen() || from.isLeaving()) {
      return;
    }
    from.receiving();
    if (session.isDiscovery() && !(pdu instanceof TextRequest || pdu instanceof LogoutRequest)) {
      // §7.4.3: nothing but a Text or Logout Response may answer here.
      var _ = session.close("a discovery session asked for more than targets");
      return;
    }
    acknowledged(from, pdu);
    if (!session.isOpen() || from.isLeaving()) {
      // What waited for that may have ended it.
      return;
    }
    switch (pdu) {
      case ScsiCommand command -> numbered(from, command, command.cmdSn(), command.immediate());
      case DataOut data -> dataOut(from, data);
      case NopOut nop -> numbered(from, nop, nop.cmdSn(), nop.immediate());
      case TaskManagementRequest request ->
          numbered(from, request, request.cmdSn(), request.immediate());
      case TextRequest text -> numbered(from, text, text.cmdSn(), text.immediate());
      case LogoutRequest logout -> numbered(from, logout, logout.cmdSn(), logout.immediate());
      case LoginRequest _ -> from.reject(Reject.PROTOCOL_ERROR);
      case SnackRequest snack -> snack(from, snack);
      case UnknownRequest _ -> from.reject(Reject.COMMAND_NOT_SUPPORTED);
    }
  }

  private void dataOut(Connection from, DataOut data) {
    int reason = holdData(from, data, true) ? 0 : tasks.dataOut(from, data, true);
    if (reason != 0) {
      from.reject(reason);
    }
  }

  /** Unsolicited data follow their command at once, also when its turn has not come. */
  private boolean holdData(Connection from, DataOut data, boolean intact) {
    return data.ttt() == Tag.NONE
        && !tasks.contains(data.itt())
        && window.holdData(from, data, intact);
  }

  /** RFC 7143 §4.2.2.2. */
  private void acknowledged(Connection from, InitiatorPdu pdu) {
    boolean ofFrom =
        switch (pdu) {
          case UnknownRequest _ -> false;
          // §11.14.4: it is the one of the connection to be closed.
          case LogoutRequest logout ->
              logout.reason() == LogoutRequest.CLOSE_SESSION || logout.cid() == from.cid();
          default -> true;
        };
    if (ofFrom && from.acknowledge(pdu.expStatSn())) {
      session.fence().changed();
    }
  }

  /**
   * Takes a PDU whose data do not fit their digest; the caller releases it. It is told of and
   * dropped: a request's CmdSN does not count as received, so that it may be sent again (RFC 7143
   * §7.8).
   */
  void receiveCorrupt(Connection from, InitiatorPdu pdu) {
    if (!session.isOpen() || from.isLeaving()) {
      return;
    }
    from.receiving();
    if (session.isDiscovery()) {
      // §7.4.3 allows no Reject.
      var _ = session.close("a data digest was wrong in a discovery session");
      return;
    }
    acknowledged(from, pdu);
    from.reject(Reject.DATA_DIGEST_ERROR);
    if (pdu instanceof DataOut data && !holdData(from, data, false)) {
      var _ = tasks.dataOut(from, data, false);
    }
  }

  /**
   * Delivers a request in its order (RFC 7143 §4.2.2.1). The number of one that is rejected does
   * not count as received (§7.3): whether it is taken is settled before its number is.
   */
  private void numbered(Connection from, InitiatorPdu pdu, int cmdSn, boolean immediate) {
    if (immediate) {
      deliverImmediate(from, pdu);
      return;
    }
    if (!window.admits(cmdSn)) {
      return;
    }
    if (cmdSn != window.expCmdSn()) {
      hold(from, pdu, cmdSn);
      return;
    }
    int reason = refusal(from, pdu);
    if (reason != 0) {
      from.reject(reason);
      return;
    }
    window.advance();
    deliver(from, pdu);
    deliverHeld();
  }

  /**
   * Whether a request whose turn has come is not taken, for a reason that has no response of its
   * own.
   *
   * @return 0, or the reason for a Reject (RFC 7143 §11.17.1)
   */
  private int refusal(Connection from, InitiatorPdu pdu) {
    int itt = pdu.itt();
    if (itt == Tag.NONE) {
      return withoutTag(pdu);
    }
    if (inProgress(itt)) {
      return Reject.TASK_IN_PROGRESS;
    }
    return switch (pdu) {
      // §11: a code that is reserved is a protocol error.
      case ScsiCommand command when command.hasReservedCode() -> Reject.PROTOCOL_ERROR;
      case LogoutRequest logout when logout.hasReservedCode() -> Reject.PROTOCOL_ERROR;
      // §4.3: a discovery session has no other way to be logged out.
      case LogoutRequest logout
          when session.isDiscovery() && logout.reason() != LogoutRequest.CLOSE_SESSION ->
          Reject.PROTOCOL_ERROR;
      case TaskManagementRequest _ -> management.refusal(from);
      case TextRequest request -> from.text().take(request);
      default -> 0;
    };
  }

  /** §11.18.1: a NOP-Out for immediate delivery is the one request that may have no tag. */
  private static int withoutTag(InitiatorPdu pdu) {
    if (pdu instanceof NopOut nop) {
      return nop.immediate() ? 0 : Reject.PROTOCOL_ERROR;
    }
    return Reject.INVALID_PDU_FIELD;
  }

  /** Whether a tag is that of a task that is not over (RFC 7143 §11.2.1.8). */
  private boolean inProgress(int itt) {
    return tasks.contains(itt) || management.isUnderWay(itt);
  }

  /**
   * Counts all requests before a number as received; those that have not come, or that wait, are
   * ended with what a reset of the target ends (RFC 7143 §4.2.3.3 b). What waits behind them is
   * left to {@link #deliverHeld}.
   */
  void plugBefore(int cmdSn) {
    for (int next = window.expCmdSn();
        SerialNumber.before(next, cmdSn) && window.admits(next);
        next++) {
      window.plug(next);
    }
    var _ = window.peek();
  }

  void deliverHeld() {
    Early early = window.peek();
    while (early != null) {
      InitiatorPdu pdu = early.pdu();
      try {
        int reason = refusal(early.connection(), pdu);
        if (reason != 0) {
          // Its number is a hole again.
          window.drop();
          early.connection().reject(early.header(), reason, 0);
        } else {
          window.next();
          deliver(early.connection(), pdu);
          for (Early.Data data : early.data()) {
            var _ = tasks.dataOut(early.connection(), data.pdu(), data.intact());
          }
        }
      } finally {
        early.release();
      }
      early = window.peek();
    }
    management.arrived();
  }

  private void hold(Connection from, InitiatorPdu pdu, int cmdSn) {
    if (inProgress(pdu.itt())) {
      from.reject(Reject.TASK_IN_PROGRESS);
      return;
    }
    Early early = Early.of(from, pdu);
    switch (window.hold(cmdSn, early)) {
      case KEPT -> {}
      case DUPLICATE -> early.release();
      case FULL -> {
        // §7.3: its number has not been received, so that it may come again.
        early.release();
        from.reject(Reject.OUT_OF_RESOURCES);
      }
    }
  }

  private void deliverImmediate(Connection from, InitiatorPdu pdu) {
    int reason = refusal(from, pdu);
    if (reason == 0 && pdu instanceof ScsiCommand && tasks.tooManyImmediate(from)) {
      reason = Reject.TOO_MANY_IMMEDIATE;
    }
    if (reason != 0) {
      from.reject(reason);
      return;
    }
    deliver(from, pdu);
  }

  private void deliver(Connection from, InitiatorPdu pdu) {
    if (!session.isOpen()) {
      return;
    }
    switch (pdu) {
      case ScsiCommand command -> command(from, command);
      case NopOut nop -> nop(from, nop);
      case TaskManagementRequest request -> management.handle(from, request);
      case TextRequest request -> from.text().answer(request);
      case LogoutRequest request -> logout.handle(from, request);
      default -> throw new IllegalStateException("not a numbered request: " + pdu);
    }
  }

  private void command(Connection from, ScsiCommand command) {
    Nexus to = session.nexus();
    if (to == null) {
      return;
    }
    Plan plan;
    boolean input = command.ahs().bidirectionalReadLength() > 0;
    if (command.read() && command.write() && (command.expectedLength() != 0 || input)) {
      // No command that we know moves data both ways.
      plan = Plan.Fail.of(Sense.INVALID_OPCODE);
    } else if (command.attribute() == ScsiCommand.ACA) {
      // No unit here comes into an ACA condition: NORMACA is 0.
      plan = Plan.Fail.of(Sense.INVALID_TASK_ATTRIBUTE);
    } else {
      Cdb cdb = new Cdb(command.cdbHigh(), command.cdbLow());
      plan = to.plan(command.lun(), cdb, command.write() ? command.expectedBytes() : 0);
    }
    if (from.unacknowledged() != null) {
      session.recovery().tagTaken(command.itt(), from);
    }
    Task task = Task.of(from, command, plan);
    if (session.fence().guards(command, plan)) {
      session.fence().run(task);
    } else {
      tasks.add(task);
    }
  }

  /** RFC 7143 §7.8, §11.16. */
  private void snack(Connection from, SnackRequest snack) {
    Unacknowledged sent = from.unacknowledged();
    if (sent == null) {
      // A level above 0 is what SNACK is for.
      from.reject(Reject.COMMAND_NOT_SUPPORTED);
      return;
    }
    Task task = snack.itt() == Tag.NONE ? null : tasks.get(snack.itt());
    if (task != null && !task.isAllegiantTo(from)) {
      task = null;
    }
    Unacknowledged.Refusal refusal = sent.answer(snack, task);
    if (refusal != null) {
      from.reject(from.header(), refusal.reason(), refusal.dataSn());
      if (refusal.reason() == Reject.SNACK_REJECT && task != null) {
        task.snackRejected();
      }
    }
  }

  /** RFC 7143 §11.18: a ping is answered, an answer to ours is taken note of. */
  private void nop(Connection from, NopOut nop) {
    if (nop.itt() == Tag.NONE) {
      if (nop.ttt() == Tag.NONE) {
        int before = tasks.numbered();
        tasks.terminationAcknowledged(from, nop.lun(), nop.expStatSn());
        if (tasks.numbered() < before) {
          session.termination().tellOfWindow();
        }
      }
      return;
    }
    from.hasSentPing();
    int echoed = Math.min(nop.data().readableBytes(), from.parameters().maxSendSegment());
    ByteBuf echo = nop.data().retainedSlice(nop.data().readerIndex(), echoed);
    from.writer()
        .write(
            new NopIn(
                0, nop.itt(), Tag.NONE, from.takeStatSn(), from.expCmdSn(), from.maxCmdSn(), echo));
    from.flushSoon();
  }

  /**
   * A connection is gone: what came on it and has not had its turn is dropped, and its numbers are
   * holes that the initiator has to fill (RFC 7143 §11.14).
   */
  void drop(Connection gone) {
    window.drop(gone);
    tasks.connectionGone(gone);
    management.drop(gone);
  }

  /** Drops what waits for its turn. */
  void close() {
    window.close();
  }
}
