// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command whose initiator sends data (RFC 7143 §4.2.5.2): how they come, and how they are asked
 * for. What becomes of them is a {@link WriteTask}'s or a {@link ParameterTask}'s.
 *
 * <p><b>How data are held.</b> In {@link Bursts}. A burst's buffer is taken out of the session's
 * memory before the R2T for it is sent; unsolicited data that find no memory make the command end
 * in TASK SET FULL. When a burst is whole it is handed on, and others are asked for meanwhile, as
 * many as MaxOutstandingR2T allows.
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
abstract sealed class DataOutTask extends Task permits ParameterTask, WriteTask {
  private final long lun;

  /** Sequences whose F bit has not come; of unsolicited data, or of R2Ts. Few. */
  private final List<DataOutSequence> open = new ArrayList<>(1);

  /** Ends the wait for sequences that bring nothing, while there is one. */
  private @Nullable Runnable stopWatch;

  /** Sequences that have ended with holes; null as long as there was none. */
  private @Nullable ArrayDeque<DataOutSequence> broken;

  /** What is being collected. */
  final Bursts bursts;

  /** Where the bytes begin that nobody has been asked for. */
  private int asked;

  private int r2tSn;
  private int recoveries;
  private boolean started;
  private Plan.@Nullable Fail fault;

  /**
   * Takes what comes with the command.
   *
   * @param bytes to take, from the beginning of the command's data; what follows is dropped
   * @param burstBytes that are collected together
   * @param workBytes that the device server works with, besides each burst
   */
  DataOutTask(Allegiance link, ScsiCommand command, int bytes, int burstBytes, int workBytes) {
    super(link, command);
    this.lun = command.lun();
    this.bursts = new Bursts(this, bytes, burstBytes, workBytes);
    takeUnsolicited(command);
  }

  /** The task of a command that sends data, or whose plan wants some. */
  static DataOutTask forPlan(Allegiance link, ScsiCommand command, Plan plan) {
    long expected = command.write() ? command.expectedBytes() : 0;
    return switch (plan) {
      case Plan.WriteBlocks write -> WriteTask.of(link, command, write, expected);
      default -> ParameterTask.of(link, command, plan, expected);
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
    asked = (int) Math.min(command.complete() ? immediate : end, bursts.total());
    int wanted = Math.min(immediate, bursts.total());
    store(command.data(), 0, wanted, wanted);
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

  final void watchNoMore() {
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
    long wanted = Math.min(until, bursts.total());
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
      if (missing.first() < bursts.total()) {
        brokenOnes().add(sequence);
      }
    } else {
      spoil(sequence.lost() ? DataOutSequence.CRC_ERROR : DataOutSequence.INCORRECT_AMOUNT);
    }
  }

  private ArrayDeque<DataOutSequence> brokenOnes() {
    ArrayDeque<DataOutSequence> all = broken;
    if (all == null) {
      all = new ArrayDeque<>(1);
      broken = all;
    }
    return all;
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
    fails(Plan.Fail.of(sense));
  }

  /** The command fails, once it may end; the first reason counts. */
  final void fails(Plan.Fail why) {
    if (fault == null) {
      fault = why;
    }
  }

  /** Why it fails; null as long as all is well. */
  final Plan.@Nullable Fail fault() {
    return fault;
  }

  private void store(ByteBuf data, int offset, int length, int fresh) {
    if (length > 0 && fault == null && !bursts.put(data, offset, length, fresh)) {
      fails(new Plan.Fail(ScsiStatus.TASK_SET_FULL, null));
    }
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
  final void proceed() {
    if (!mayProceed()) {
      return;
    }
    dispatch();
    // The device may have answered at once, and this may have been gone through within.
    if (!mayProceed()) {
      return;
    }
    if (fault == null && !bursts.complete()) {
      request();
    }
    if ((fault != null || bursts.complete()) && open.isEmpty() && operations() == 0) {
      end();
    }
  }

  private boolean mayProceed() {
    boolean unsolicited = !open.isEmpty() && !open.getFirst().solicited();
    return started && !isAborted() && !isOver() && !unsolicited;
  }

  /** Hands what is whole to the device. */
  abstract void dispatch();

  /** All data have come, or there was a fault; nothing is under way. */
  abstract void end();

  /** Asks for what is missing and for what is next (RFC 7143 §11.8), as much as is allowed. */
  private void request() {
    if (link.isSuspended()) {
      return;
    }
    while (fault == null && open.size() < link.parameters().maxOutstandingR2t()) {
      DataOutSequence lossy = broken == null ? null : broken.peek();
      if (lossy == null && asked == bursts.total()) {
        return;
      }
      int from = lossy == null ? asked : (int) lossy.missing().first();
      Burst into = bursts.forData(from);
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
        brokenOnes().remove();
        recoveries++;
        askFor(from, Math.min(lossy.missing().end(), bursts.total()), lossy.missing());
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

  @Override
  void release() {
    watchNoMore();
    bursts.release();
  }
}
