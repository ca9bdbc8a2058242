// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Residual;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.ScsiStatus;
import dev.rootstock.target.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI command in progress (RFC 7143 §4.2.2).
 *
 * <p>Its life: it is made when its command is delivered in the order of CmdSN; {@link #start} when
 * the task set lets it run; it ends with a status, or by {@link #abort} with none. An aborted task
 * comes to rest when no operation of it can reach the device any more.
 */
public abstract sealed class Task permits DataOutTask, LaterTask, ReadTask {
  /** The connection that the task is allegiant to now. */
  Allegiance link;

  private final int itt;
  private final long lun;
  private final int cmdSn;
  private final boolean immediate;
  private final int attribute;

  /** What the initiator expects to receive and to send, in bytes. */
  final long expectedIn;

  final long expectedOut;

  /** What the initiator expects to receive of a command with data both ways (§11.2.2.4). */
  private final long expectedBidirectional;

  private int operations;
  private boolean aborted;

  /** Whether the initiator is to be told that it was aborted. */
  private boolean told;

  /** Whether the initiator was told of its end by a message that is to be acknowledged. */
  private boolean terminationTold;

  private int terminationStatSn;

  private boolean over;
  private @Nullable List<Runnable> whenAtRest;

  Task(Allegiance link, ScsiCommand command) {
    this.link = link;
    this.itt = command.itt();
    this.lun = command.lun();
    this.cmdSn = command.cmdSn();
    this.immediate = command.immediate();
    this.attribute = command.attribute();
    boolean bothWays = command.read() && command.write();
    this.expectedIn = command.read() && !bothWays ? command.expectedBytes() : 0;
    this.expectedBidirectional =
        bothWays ? Math.max(0, command.ahs().bidirectionalReadLength()) : 0;
    this.expectedOut = command.write() ? command.expectedBytes() : 0;
    Unacknowledged kept = link.unacknowledged();
    if (kept != null) {
      kept.begin(itt);
    }
  }

  /**
   * Goes on with another connection (TASK REASSIGN, RFC 7143 §7.2.2).
   *
   * @param whole whether its {@link Unacknowledged} has taken over all that was sent; if not, the
   *     task sends nothing more but a status that says so, as after a {@link #snackRejected}
   */
  public final void reassign(Allegiance to, boolean whole) {
    link.forget(this);
    link = to;
    if (whole) {
      reassigned();
    } else {
      snackRejected();
    }
  }

  /** What the task waited for on its old connection will not come. */
  abstract void reassigned();

  /** Data that the initiator has asked for again cannot be sent (§7.8 a.1). */
  public void snackRejected() {}

  /** The task for a command, not yet started. */
  public static Task of(Allegiance link, ScsiCommand command, Plan plan) {
    if (command.write() && (!command.complete() || command.data().isReadable())) {
      // Whatever the plan is: there are data on the way that have to be taken first.
      return DataOutTask.forPlan(link, command, plan);
    }
    return switch (plan) {
      case Plan.ReadBlocks read -> new ReadTask(link, command, read);
      case Plan.WriteBlocks _ -> DataOutTask.forPlan(link, command, plan);
      case Plan.Receive _ -> DataOutTask.forPlan(link, command, plan);
      case Plan.Later later -> new LaterTask(link, command, later.action(), later.memory());
      case Plan.Outcome outcome -> new LaterTask(link, command, done -> done.ended(outcome), 0);
    };
  }

  public int itt() {
    return itt;
  }

  public long lun() {
    return lun;
  }

  public int cmdSn() {
    return cmdSn;
  }

  /** Whether its data and its status belong to this connection (RFC 7143 §4.2.5.1). */
  public boolean isAllegiantTo(Allegiance connection) {
    return link.equals(connection);
  }

  /** Whether it was sent for immediate delivery, outside the command window. */
  public boolean immediate() {
    return immediate;
  }

  public int attribute() {
    return attribute;
  }

  public boolean isOver() {
    return over;
  }

  public boolean isAborted() {
    return aborted;
  }

  /** The task set lets the task run. */
  public abstract void start();

  /** Goes on after a wait for memory, or for a connection that takes more. */
  public abstract void resume();

  /**
   * Takes data for the task; the caller keeps its reference to them.
   *
   * @param intact whether they are what their digest says; if not, they count as lost
   * @return 0, or the reason to reject the PDU with (RFC 7143 §11.17.1)
   */
  public int dataOut(DataOut pdu, boolean intact) {
    return Reject.INVALID_PDU_FIELD;
  }

  /**
   * Sends R2Ts again that have not been answered (RFC 7143 §11.16).
   *
   * @param begRun the R2TSN of the first
   * @param runLength how many, 0 for all that follow
   * @return false, with nothing sent, when one of them was never sent or has been answered
   */
  public boolean resendR2ts(int begRun, int runLength) {
    return false;
  }

  /** The R2TSN of the next R2T. */
  public int nextR2tSn() {
    return 0;
  }

  /** Whether data of a sequence that the initiator has been told to send are still to come. */
  public boolean awaitsData() {
    return false;
  }

  /** Its initiator is told, by the message of this number, that the task is about to be aborted. */
  public final void terminationTold(int statSn) {
    terminationTold = true;
    terminationStatSn = statSn;
  }

  /** Whether its initiator has been told of its end. */
  public final boolean isTerminationTold() {
    return terminationTold;
  }

  /** Whether its initiator has been told of its end, and says that it knows. */
  public final boolean isTerminationAcknowledgedBy(int expStatSn) {
    return aborted && terminationTold && SerialNumber.after(expStatSn, terminationStatSn);
  }

  /** No data come any more for what it has asked for (RFC 7143 §4.2.3.4 g). */
  public void freeTransferTags() {}

  /**
   * Ends the task without a status.
   *
   * @param atRest called when no operation of it can reach the device any more
   */
  public final void abort(Runnable atRest) {
    if (over && operations == 0) {
      atRest.run();
      return;
    }
    if (whenAtRest == null) {
      whenAtRest = new ArrayList<>(1);
    }
    whenAtRest.add(atRest);
    if (!aborted) {
      aborted = true;
      link.forget(this);
      release();
    }
    restIfQuiet();
  }

  /**
   * As {@link #abort}, but with the status TASK ABORTED when it has come to rest (SAM-5 §5.3.1, for
   * a task that another initiator has aborted).
   */
  public final void abortTold(Runnable atRest) {
    told = !over && !aborted;
    abort(atRest);
  }

  /**
   * Allocates a buffer out of what the session and the server may hold.
   *
   * @param extra bytes to reserve besides
   * @return null when there is nothing left now
   */
  final @Nullable ByteBuf reserved(int capacity, int extra) {
    if (!link.reserve(capacity + extra)) {
      return null;
    }
    ByteBuf fresh = null;
    try {
      fresh = link.allocator().directBuffer(capacity, capacity);
      return fresh;
    } finally {
      if (fresh == null) {
        link.unreserve(capacity + extra);
      }
    }
  }

  /** Gives up buffers and memory that no operation uses now. */
  abstract void release();

  final void operationBegins() {
    operations++;
    link.operationBegins();
  }

  final void operationEnds() {
    operations--;
    try {
      restIfQuiet();
    } finally {
      // Last: a session that is closed may end with this, and the task has to be over by then.
      link.operationEnds();
    }
  }

  final int operations() {
    return operations;
  }

  private void restIfQuiet() {
    if (!aborted || operations > 0) {
      return;
    }
    if (!over) {
      over = true;
      link.over(this);
      if (told) {
        status(ScsiStatus.TASK_ABORTED, residual(0), 0, Unpooled.EMPTY_BUFFER);
        link.flushSoon();
      }
    }
    List<Runnable> waiting = whenAtRest;
    whenAtRest = null;
    if (waiting != null) {
      waiting.forEach(Runnable::run);
    }
  }

  /** Says that the task is over before its status is written, so that the window counts it out. */
  final void conclude() {
    over = true;
    link.over(this);
  }

  /**
   * Ends the task with an outcome, and with data if it has some.
   *
   * @param moved what the command wanted of the data that the initiator sends, in bytes
   */
  final void finish(Plan.Outcome outcome, long moved) {
    if (aborted || over) {
      return;
    }
    release();
    conclude();
    switch (outcome) {
      case Plan.Respond respond -> respond(respond, moved);
      case Plan.Fail(ScsiStatus status, Sense sense) -> fail(status, sense, moved, 0);
    }
    link.flushSoon();
  }

  private void respond(Plan.Respond respond, long moved) {
    int sent = (int) Math.min(respond.length(), expectedIn);
    Residual residual = residual(respond.length() + moved);
    // What is kept until it is acknowledged is kept apart from the status.
    boolean withStatus = link.unacknowledged() == null;
    if (sent == 0) {
      status(ScsiStatus.GOOD, residual, 0, Unpooled.EMPTY_BUFFER);
      return;
    }
    ByteBuf data = Unpooled.wrappedBuffer(respond.data());
    int dataSn = 0;
    int offset = 0;
    int segment = Math.min(link.parameters().maxSendSegment(), link.parameters().maxBurst()) & ~3;
    int burst = link.parameters().maxBurst() / segment * segment;
    while (offset < sent) {
      int n = Math.min(segment, sent - offset);
      boolean end = offset + n == sent;
      link.writer()
          .write(
              new DataIn(
                  end || (offset + n) % burst == 0,
                  false,
                  end && withStatus,
                  0,
                  0,
                  itt,
                  Tag.NONE,
                  end && withStatus ? link.takeStatSn() : link.nextStatSn(),
                  link.expCmdSn(),
                  link.maxCmdSn(),
                  dataSn++,
                  offset,
                  end && withStatus ? residual : Residual.NONE,
                  data.retainedSlice(offset, n)));
      offset += n;
    }
    data.release();
    if (!withStatus) {
      status(ScsiStatus.GOOD, residual, dataSn, Unpooled.EMPTY_BUFFER);
    }
  }

  /** The residual when the command's data in both directions were {@code presented} bytes. */
  final Residual residual(long presented) {
    return Residual.of(presented, expectedIn != 0 ? expectedIn : expectedOut);
  }

  /** Sends a status that is not GOOD (RFC 7143 §11.4.2, §11.4.7). */
  final void fail(ScsiStatus status, @Nullable Sense sense, long transferred, int dataPdus) {
    ByteBuf data = Unpooled.EMPTY_BUFFER;
    if (sense != null) {
      byte[] bytes = link.senseData(lun, sense);
      data = Unpooled.buffer(2 + bytes.length).writeShort(bytes.length).writeBytes(bytes);
    }
    status(status, residual(transferred), dataPdus, data);
  }

  final void status(ScsiStatus status, Residual residual, int dataPdus, ByteBuf data) {
    Unacknowledged kept = link.unacknowledged();
    link.writer()
        .write(
            new ScsiResponse(
                ScsiResponse.COMPLETED,
                status.code(),
                itt,
                kept == null ? 0 : kept.snackTag(itt),
                link.takeStatSn(),
                link.expCmdSn(),
                link.maxCmdSn(),
                kept == null ? dataPdus : kept.nextDataSn(itt),
                residual,
                // No command brings any such data.
                Residual.of(0, expectedBidirectional),
                data));
  }
}
