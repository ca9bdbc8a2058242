// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.ScsiStatus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command whose initiator sends data: a WRITE, a command with a parameter list, or one that wants
 * none of the data that come with it all the same (RFC 7143 §4.2.5.2).
 *
 * <p><b>How data are held.</b> In {@link Burst}s of at most MaxBurstLength, each one buffer. Data
 * are copied into it from the network's buffers, which would otherwise be pinned by 512-byte slices
 * as iPXE sends them. A burst's buffer is taken out of the session's memory before the R2T for it
 * is sent; unsolicited data that find no memory make the command end in TASK SET FULL. When a burst
 * is whole it goes to the device, and others are asked for meanwhile, as many as MaxOutstandingR2T
 * allows.
 *
 * <p><b>What is lost.</b> From recovery level 1 on, the holes that a {@link DataOutSequence} has at
 * its end, or when nothing more comes of it, are asked for by a recovery R2T, before anything else
 * is asked for (§7.8, §11.8). That may happen {@link Limits#RECOVERIES} times to a task. At level
 * 0, and beyond that number, the task fails.
 *
 * <p><b>When it ends.</b> With the last byte, when the device has completed every burst; or, after
 * a fault, when all sequences under way have been followed to their F bits and no operation is
 * left.
 */
public final class DataOutTask extends Task {
  private final Plan plan;
  private final long lun;

  /** Sequences whose F bit has not come; of unsolicited data, or of R2Ts. Few. */
  private final List<DataOutSequence> open = new ArrayList<>(1);

  /** Ends the wait for sequences that bring nothing, while there is one. */
  private @Nullable Runnable stopWatch;

  /** Sequences that have ended with holes. */
  private final ArrayDeque<DataOutSequence> broken = new ArrayDeque<>(0);

  /** What is being collected, in the order of the command's data. */
  private final ArrayDeque<Burst> bursts = new ArrayDeque<>(1);

  /** Bytes to take, from the beginning of the command's data; what follows is dropped. */
  private final int total;

  /** What the plan wants, for the residual. */
  private final long presented;

  private final int burstBytes;

  /**
   * Bytes that the device server works with. They are reserved together with the parameter data:
   * who holds memory must not wait for more, or all could wait for each other.
   */
  private final int workBytes;

  /** Where the bytes begin that nobody has been asked for. */
  private int asked;

  private int nextBurst;
  private int received;
  private int r2tSn;
  private int recoveries;
  private boolean started;
  private boolean handedOver;
  private boolean letGo;

  /** Whether nothing more is to be begun; what the device server asks, on any thread. */
  private volatile boolean stopped;

  private Plan.@Nullable Fail fault;

  private DataOutTask(
      Allegiance link, ScsiCommand command, Plan plan, long presented, int total, int burstBytes) {
    super(link, command);
    this.plan = plan;
    this.lun = command.lun();
    this.presented = presented;
    this.total = total;
    this.burstBytes = burstBytes;
    this.workBytes =
        switch (plan) {
          case Plan.Receive receive -> receive.memory();
          case Plan.Later later -> later.memory();
          default -> 0;
        };
    takeUnsolicited(command);
  }

  static DataOutTask forPlan(Allegiance link, ScsiCommand command, Plan plan) {
    long expected = command.write() ? command.expectedBytes() : 0;
    return switch (plan) {
      case Plan.WriteBlocks write -> {
        int block = write.device().geometry().logicalBlockBytes();
        int total = (int) (Math.min(write.length(), expected) / block * block);
        int burst = link.parameters().maxBurst();
        int chunk = (burst + block - 1) / block * block;
        yield new DataOutTask(link, command, plan, write.length(), total, chunk);
      }
      case Plan.Receive receive -> {
        int total = (int) Math.min(receive.length(), expected);
        yield new DataOutTask(link, command, plan, receive.length(), total, total);
      }
      case Plan.ReadBlocks read -> new DataOutTask(link, command, plan, read.length(), 0, 0);
      case Plan.Later _ -> new DataOutTask(link, command, plan, 0, 0, 0);
      case Plan.Respond respond -> new DataOutTask(link, command, plan, respond.length(), 0, 0);
      case Plan.Fail _ -> new DataOutTask(link, command, plan, 0, 0, 0);
    };
  }

  /** What comes with the command, and what the initiator says will follow without an R2T. */
  private void takeUnsolicited(ScsiCommand command) {
    TransferParameters agreed = link.parameters();
    int immediate = command.data().readableBytes();
    long end = Math.min(agreed.firstBurst(), expectedOut);
    boolean immediateForbidden = immediate > 0 && !agreed.immediateData();
    boolean dataOutForbidden = !command.complete() && agreed.initialR2t();
    if (immediateForbidden || dataOutForbidden) {
      spoil(DataOutSequence.UNEXPECTED_DATA);
    } else if (immediate > end) {
      spoil(DataOutSequence.INCORRECT_AMOUNT);
    }
    if (!command.complete()) {
      expect(
          new DataOutSequence(Tag.NONE, -1, immediate, end, new Holes(immediate, end), inOrder()));
    }
    asked = (int) Math.min(command.complete() ? immediate : end, total);
    store(command.data(), 0, Math.min(immediate, total));
  }

  private boolean inOrder() {
    return link.parameters().dataPduInOrder();
  }

  private boolean recovers() {
    return link.parameters().errorRecoveryLevel() > 0;
  }

  private void expect(DataOutSequence sequence) {
    open.add(sequence);
    if (recovers() && stopWatch == null) {
      watch();
    }
  }

  private void watch() {
    stopWatch = link.schedule(this::giveUpQuietOnes, Limits.SEQUENCE_MILLIS);
  }

  private void watchNoMore() {
    Runnable stop = stopWatch;
    stopWatch = null;
    if (stop != null) {
      stop.run();
    }
  }

  /** Of what brings nothing, nothing more comes (§7.1.4.1, sequence reception timeout). */
  private void giveUpQuietOnes() {
    stopWatch = null;
    for (DataOutSequence sequence : List.copyOf(open)) {
      if (sequence.isQuiet()) {
        sequence.giveUp();
        ended(sequence);
      }
    }
    if (!open.isEmpty()) {
      watch();
    }
    proceed();
  }

  @Override
  public int dataOut(DataOut pdu, boolean intact) {
    DataOutSequence sequence = find(pdu.ttt());
    // §11.7.4: the LUN is reserved in unsolicited data, and the command's in others.
    if (sequence == null || (sequence.solicited() && pdu.lun() != lun)) {
      return Reject.INVALID_PDU_FIELD;
    }
    Sense wrong = sequence.accept(pdu, intact);
    if (wrong != null) {
      spoil(wrong);
    } else if (sequence.lost() && !recovers()) {
      spoil(DataOutSequence.CRC_ERROR);
    } else if (intact && !isAborted()) {
      take(sequence, pdu);
    }
    if (!sequence.isOpen()) {
      ended(sequence);
    }
    proceed();
    return 0;
  }

  private @Nullable DataOutSequence find(int ttt) {
    for (DataOutSequence sequence : open) {
      if (sequence.ttt() == ttt) {
        return sequence;
      }
    }
    return null;
  }

  private void take(DataOutSequence sequence, DataOut pdu) {
    long offset = Integer.toUnsignedLong(pdu.bufferOffset());
    long until = offset + pdu.data().readableBytes();
    long wanted = Math.min(until, total);
    int fresh = 0;
    if (offset < wanted) {
      fresh = sequence.fill(offset, wanted);
      if (fresh < 0) {
        return;
      }
    }
    // What nobody wants counts for the amount that was announced.
    var _ = sequence.fill(Math.max(offset, wanted), until);
    if (offset < wanted) {
      store(pdu.data(), (int) offset, (int) (wanted - offset), fresh);
    }
  }

  /** A sequence has had its last PDU. */
  private void ended(DataOutSequence sequence) {
    open.remove(sequence);
    if (open.isEmpty()) {
      watchNoMore();
    }
    Holes missing = sequence.missing();
    if (isAborted() || fault != null || missing.isEmpty()) {
      return;
    }
    if (recovers() && recoveries < Limits.RECOVERIES) {
      if (missing.first() < total) {
        broken.add(sequence);
      }
    } else {
      spoil(sequence.lost() ? DataOutSequence.CRC_ERROR : DataOutSequence.INCORRECT_AMOUNT);
    }
  }

  @Override
  void reassigned() {
    for (DataOutSequence sequence : List.copyOf(open)) {
      sequence.giveUp();
      ended(sequence);
    }
    proceed();
  }

  @Override
  public boolean awaitsData() {
    return !open.isEmpty();
  }

  @Override
  public void freeTransferTags() {
    open.clear();
    watchNoMore();
  }

  private void spoil(Sense sense) {
    if (fault == null) {
      fault = Plan.Fail.of(sense);
    }
  }

  private void store(ByteBuf data, int offset, int length) {
    store(data, offset, length, length);
  }

  /** Copies data into their burst, which nobody has made yet when they are the first. */
  private void store(ByteBuf data, int offset, int length, int fresh) {
    if (length <= 0 || fault != null) {
      return;
    }
    Burst into = burstAt(offset);
    if (into == null) {
      into = newBurst();
    }
    if (into == null) {
      fault = new Plan.Fail(ScsiStatus.TASK_SET_FULL, null);
      return;
    }
    into.put(data, offset, length, fresh);
    received += fresh;
  }

  private @Nullable Burst burstAt(int offset) {
    for (Burst burst : bursts) {
      if (offset >= burst.start() && offset < burst.end()) {
        return burst;
      }
    }
    return null;
  }

  /** A burst behind the last one. */
  private @Nullable Burst newBurst() {
    int start = nextBurst;
    int capacity = Math.min(burstBytes, total - start);
    ByteBuf buffer = reserved(capacity, workBytes);
    if (buffer == null) {
      return null;
    }
    Burst fresh = new Burst(buffer, start);
    bursts.add(fresh);
    nextBurst = fresh.end();
    return fresh;
  }

  @Override
  public void start() {
    started = true;
    proceed();
  }

  @Override
  public void resume() {
    proceed();
  }

  /** Does whatever can be done next; safe to call whenever something has changed. */
  private void proceed() {
    if (!mayProceed()) {
      return;
    }
    dispatch();
    // The device may have answered at once, and this may have been gone through within.
    if (!mayProceed()) {
      return;
    }
    if (fault == null && received < total) {
      request();
    }
    if ((fault != null || received == total) && open.isEmpty() && operations() == 0) {
      end();
    }
  }

  private boolean mayProceed() {
    boolean unsolicited = !open.isEmpty() && !open.getFirst().solicited();
    return started && !isAborted() && !isOver() && !unsolicited;
  }

  /** Hands what is whole to the device. */
  private void dispatch() {
    Burst first = bursts.peek();
    while (fault == null && first != null && first.whole()) {
      if (plan instanceof Plan.WriteBlocks write) {
        bursts.remove();
        writeOut(write, first);
      } else {
        if (plan instanceof Plan.Receive receive && !handedOver) {
          handOver(receive, first.buffer().nioBuffer());
        }
        return;
      }
      first = bursts.peek();
    }
  }

  /** Asks for what is missing and for what is next (RFC 7143 §11.8), as much as is allowed. */
  private void request() {
    if (link.isSuspended()) {
      return;
    }
    while (fault == null && open.size() < link.parameters().maxOutstandingR2t()) {
      DataOutSequence lossy = broken.peek();
      if (lossy == null && asked == total) {
        return;
      }
      int from = lossy == null ? asked : (int) lossy.missing().first();
      Burst into = burstAt(from);
      if (into == null) {
        into = newBurst();
      }
      if (into == null) {
        if (open.isEmpty()) {
          link.awaitMemory(this);
        }
        return;
      }
      if (lossy == null) {
        asked = Math.min(from + link.parameters().maxBurst(), into.end());
        askFor(from, asked, new Holes(from, asked));
      } else {
        broken.remove();
        recoveries++;
        askFor(from, Math.min(lossy.missing().end(), total), lossy.missing());
      }
    }
  }

  private void askFor(long from, long end, Holes missing) {
    DataOutSequence sequence =
        new DataOutSequence(link.newTransferTag(), r2tSn++, from, end, missing, inOrder());
    expect(sequence);
    sendR2t(sequence);
  }

  private void sendR2t(DataOutSequence sequence) {
    link.writer()
        .write(
            new ReadyToTransfer(
                lun,
                itt(),
                sequence.ttt(),
                link.nextStatSn(),
                link.expCmdSn(),
                link.maxCmdSn(),
                sequence.r2tSn(),
                (int) sequence.from(),
                (int) (sequence.end() - sequence.from())));
    link.flushSoon();
  }

  @Override
  public boolean resendR2ts(int begRun, int runLength) {
    List<DataOutSequence> again = new ArrayList<>(open.size());
    for (DataOutSequence sequence : open) {
      boolean before = runLength == 0 || sequence.r2tSn() < begRun + (long) runLength;
      if (sequence.solicited() && sequence.r2tSn() >= begRun && before) {
        again.add(sequence);
      }
    }
    boolean all = begRun == 0 && runLength == 0;
    // One that has been answered is acknowledged by its data (§4.2.2.4).
    if (!all && (again.isEmpty() || (runLength != 0 && again.size() != runLength))) {
      return false;
    }
    again.forEach(this::sendR2t);
    return true;
  }

  @Override
  public int nextR2tSn() {
    return r2tSn;
  }

  private void writeOut(Plan.WriteBlocks write, Burst whole) {
    ByteBuf full = whole.buffer();
    operationBegins();
    write
        .device()
        .write(
            write.offset() + whole.start(),
            new ByteBuffer[] {full.nioBuffer()},
            write.durability(),
            failure -> link.execute(() -> written(full, failure)));
  }

  private void written(ByteBuf full, @Nullable BlockIoException failure) {
    int capacity = full.capacity();
    full.release();
    if (failure != null && fault == null) {
      fault = Plan.Fail.of(failure);
    }
    operationEnds();
    link.unreserve(capacity);
    proceed();
  }

  private void handOver(Plan.Receive receive, ByteBuffer parameters) {
    handedOver = true;
    operationBegins();
    receive.then().received(parameters, completion());
  }

  private Plan.Completion completion() {
    return new Plan.Completion() {
      @Override
      public void ended(Plan.Outcome outcome) {
        link.execute(() -> answered(outcome));
      }

      @Override
      public void detached() {
        link.execute(DataOutTask.this::letGo);
      }

      @Override
      public boolean cancelled() {
        return stopped;
      }
    };
  }

  private void answered(Plan.Outcome outcome) {
    finish(outcome, presented);
    letGo();
  }

  /** The buffer and what it works with were the device server's until now. */
  private void letGo() {
    if (letGo) {
      return;
    }
    letGo = true;
    releaseBursts();
    if (workBytes > 0 && plan instanceof Plan.Later) {
      link.unreserve(workBytes);
    }
    operationEnds();
  }

  /** All data have come, or there was a fault; nothing is under way. */
  private void end() {
    if (fault != null) {
      finish(fault, received);
      return;
    }
    switch (plan) {
      case Plan.WriteBlocks _ -> finish(Plan.Respond.GOOD, presented);
      case Plan.ReadBlocks _ -> finish(Plan.Respond.GOOD, presented);
      case Plan.Respond respond -> finish(respond, 0);
      case Plan.Fail fail -> finish(fail, 0);
      case Plan.Later later -> {
        if (!handedOver) {
          if (workBytes > 0 && !link.reserve(workBytes)) {
            link.awaitMemory(this);
            return;
          }
          handedOver = true;
          operationBegins();
          later.action().start(completion());
        }
      }
      case Plan.Receive receive -> {
        // An empty list: the initiator sends none of what the CDB announces.
        if (!handedOver) {
          handOver(receive, ByteBuffer.allocate(0));
        }
      }
    }
  }

  @Override
  void release() {
    watchNoMore();
    if (isAborted()) {
      stopped = true;
    }
    if (operations() == 0 || !handedOver) {
      releaseBursts();
    }
  }

  private void releaseBursts() {
    for (Burst held = bursts.poll(); held != null; held = bursts.poll()) {
      int capacity = held.buffer().capacity();
      held.buffer().release();
      link.unreserve(capacity + workBytes);
    }
  }
}
