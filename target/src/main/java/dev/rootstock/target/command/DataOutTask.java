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
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A command whose initiator sends data: a WRITE, a command with a parameter list, or one that wants
 * none of the data that come with it all the same (RFC 7143 §4.2.5.2).
 *
 * <p><b>How data are held.</b> They come in order, so that one buffer at a time is enough, the
 * <em>chunk</em>. Data are copied into it from the network's buffers, which would otherwise be
 * pinned by 512-byte slices as iPXE sends them. A chunk is taken out of the session's memory before
 * the R2T for it is sent; unsolicited data that find no memory make the command end in TASK SET
 * FULL. When a chunk is whole it goes to the device, and the next one is asked for meanwhile.
 *
 * <p><b>When it ends.</b> With the last byte, when the device has completed every chunk; or, after
 * a fault, when the sequence under way has been followed to its F bit and no operation is left.
 */
public final class DataOutTask extends Task {
  private final Plan plan;
  private final long lun;
  private final DataOutSequence sequence = new DataOutSequence();

  /** Bytes to take, from the beginning of the command's data; what follows is dropped. */
  private final int total;

  /** What the plan wants, for the residual. */
  private final long presented;

  private final int chunkBytes;

  /**
   * Bytes that the device server works with. They are reserved together with the parameter data:
   * who holds memory must not wait for more, or all could wait for each other.
   */
  private final int workBytes;

  private int received;
  private @Nullable ByteBuf chunk;
  private int chunkStart;
  private int r2tSn;
  private boolean started;
  private boolean handedOver;
  private Plan.@Nullable Fail fault;

  private DataOutTask(
      Allegiance link, ScsiCommand command, Plan plan, long presented, int total, int chunkBytes) {
    super(link, command);
    this.plan = plan;
    this.lun = command.lun();
    this.presented = presented;
    this.total = total;
    this.chunkBytes = chunkBytes;
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
      sequence.open(Tag.NONE, immediate, end);
    }
    store(command.data(), 0);
  }

  @Override
  public int dataOut(DataOut pdu) {
    if (!sequence.owns(pdu)) {
      return Reject.INVALID_PDU_FIELD;
    }
    Sense wrong = sequence.accept(pdu);
    if (wrong != null) {
      spoil(wrong);
    } else if (!isAborted()) {
      store(pdu.data(), pdu.bufferOffset());
    }
    proceed();
    return 0;
  }

  @Override
  public boolean awaitsData() {
    return sequence.isOpen();
  }

  private void spoil(Sense sense) {
    if (fault == null) {
      fault = Plan.Fail.of(sense);
    }
  }

  /** Copies what belongs to the first {@code total} bytes; {@code offset} is where we are. */
  private void store(ByteBuf data, int offset) {
    int n = Math.min(data.readableBytes(), total - offset);
    if (n <= 0 || fault != null) {
      return;
    }
    ByteBuf into = chunk;
    if (into == null) {
      into = newChunk();
    }
    if (into == null) {
      fault = new Plan.Fail(ScsiStatus.TASK_SET_FULL, null);
      return;
    }
    into.writeBytes(data, data.readerIndex(), n);
    received += n;
  }

  private @Nullable ByteBuf newChunk() {
    int capacity = Math.min(chunkBytes, total - received);
    ByteBuf fresh = reserved(capacity, workBytes);
    chunk = fresh;
    chunkStart = received;
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
    if (!started || isAborted() || isOver() || sequence.isOpen()) {
      return;
    }
    if (fault == null && chunk != null && !chunk.isWritable()) {
      if (plan instanceof Plan.WriteBlocks write) {
        writeOut(write, chunk);
      } else if (plan instanceof Plan.Receive receive && !handedOver) {
        handOver(receive, chunk.nioBuffer());
      }
      // The device may have answered at once, and this may have been gone through within.
      if (isAborted() || isOver() || sequence.isOpen()) {
        return;
      }
    }
    if (fault == null && received < total) {
      request();
    } else if (operations() == 0) {
      end();
    }
  }

  /** Asks for the next burst (RFC 7143 §11.8), or waits until there is memory for it. */
  private void request() {
    ByteBuf into = chunk != null ? chunk : newChunk();
    if (into == null) {
      link.awaitMemory(this);
      return;
    }
    int n = Math.min(link.parameters().maxBurst(), into.writableBytes());
    int ttt = link.newTransferTag();
    sequence.open(ttt, received, (long) received + n);
    link.writer()
        .write(
            new ReadyToTransfer(
                lun,
                itt(),
                ttt,
                link.nextStatSn(),
                link.expCmdSn(),
                link.maxCmdSn(),
                r2tSn++,
                received,
                n));
    link.flushSoon();
  }

  private void writeOut(Plan.WriteBlocks write, ByteBuf full) {
    chunk = null;
    operationBegins();
    write
        .device()
        .write(
            write.offset() + chunkStart,
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
    receive.then().received(parameters, outcome -> link.execute(() -> answered(outcome)));
  }

  private void answered(Plan.Outcome outcome) {
    finish(outcome, presented);
    // The buffer and what it works with were the device server's until now.
    releaseChunk();
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
          later.action().start(outcome -> link.execute(() -> answered(outcome)));
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
    if (operations() == 0 || !handedOver) {
      releaseChunk();
    }
  }

  private void releaseChunk() {
    ByteBuf held = chunk;
    chunk = null;
    if (held != null) {
      int capacity = held.capacity();
      held.release();
      link.unreserve(capacity + workBytes);
    }
  }
}
