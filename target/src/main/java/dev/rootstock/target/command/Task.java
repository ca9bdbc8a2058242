// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Residual;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
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
  final Allegiance link;
  private final int itt;
  private final long lun;
  private final int cmdSn;
  private final boolean immediate;
  private final int attribute;

  /** What the initiator expects to receive and to send, in bytes. */
  final long expectedIn;

  final long expectedOut;

  private int operations;
  private boolean aborted;
  private boolean over;
  private @Nullable List<Runnable> whenAtRest;

  Task(Allegiance link, ScsiCommand command) {
    this.link = link;
    this.itt = command.itt();
    this.lun = command.lun();
    this.cmdSn = command.cmdSn();
    this.immediate = command.immediate();
    this.attribute = command.attribute();
    this.expectedIn = command.read() ? command.expectedBytes() : 0;
    this.expectedOut = command.write() ? command.expectedBytes() : 0;
  }

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
   * @return 0, or the reason to reject the PDU with (RFC 7143 §11.17.1)
   */
  public int dataOut(DataOut pdu) {
    return Reject.INVALID_PDU_FIELD;
  }

  /** Whether data of a sequence that the initiator has been told to send are still to come. */
  public boolean awaitsData() {
    return false;
  }

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
                  end,
                  0,
                  0,
                  itt,
                  Tag.NONE,
                  end ? link.takeStatSn() : link.nextStatSn(),
                  link.expCmdSn(),
                  link.maxCmdSn(),
                  dataSn++,
                  offset,
                  end ? residual : Residual.NONE,
                  data.retainedSlice(offset, n)));
      offset += n;
    }
    data.release();
  }

  /** The residual when the command's data in both directions were {@code presented} bytes. */
  final Residual residual(long presented) {
    return Residual.of(presented, expectedIn != 0 ? expectedIn : expectedOut);
  }

  /** Sends a status that is not GOOD (RFC 7143 §11.4.2, §11.4.7). */
  final void fail(ScsiStatus status, @Nullable Sense sense, long transferred, int dataPdus) {
    ByteBuf data = Unpooled.EMPTY_BUFFER;
    if (sense != null) {
      byte[] fixed = sense.fixedFormat();
      data = Unpooled.buffer(2 + fixed.length).writeShort(fixed.length).writeBytes(fixed);
    }
    status(status, residual(transferred), dataPdus, data);
  }

  final void status(ScsiStatus status, Residual residual, int dataPdus, ByteBuf data) {
    link.writer()
        .write(
            new ScsiResponse(
                ScsiResponse.COMPLETED,
                status.code(),
                itt,
                0,
                link.takeStatSn(),
                link.expCmdSn(),
                link.maxCmdSn(),
                dataPdus,
                residual,
                data));
  }
}
