// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.Sense;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A WRITE: each burst goes to the device when it is whole. An initiator that means to send fewer
 * blocks than the command names has these written, with a residual; what would end within a block
 * is refused before anything is asked for, because a block cannot be written in part.
 */
final class WriteTask extends DataOutTask {
  private final Plan.WriteBlocks write;

  private WriteTask(
      Allegiance link, ScsiCommand command, Plan.WriteBlocks write, int total, int burstBytes) {
    super(link, command, total, burstBytes, 0);
    this.write = write;
  }

  static WriteTask of(Allegiance link, ScsiCommand command, Plan.WriteBlocks write, long expected) {
    int block = write.device().geometry().logicalBlockBytes();
    int taken = (int) Math.min(write.length(), expected);
    boolean withinABlock = taken % block != 0;
    int burst = link.parameters().maxBurst();
    int chunk = (burst + block - 1) / block * block;
    var task = new WriteTask(link, command, write, withinABlock ? 0 : taken, chunk);
    if (withinABlock) {
      task.fails(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
    }
    return task;
  }

  @Override
  void dispatch() {
    Burst whole = bursts.whole();
    while (fault() == null && whole != null) {
      bursts.remove();
      writeOut(whole);
      whole = bursts.whole();
    }
  }

  private void writeOut(Burst whole) {
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
    if (failure != null) {
      fails(Plan.Fail.of(failure));
    }
    operationEnds();
    link.unreserve(capacity);
    proceed();
  }

  @Override
  void end() {
    Plan.Fail fault = fault();
    if (fault != null) {
      finish(fault, bursts.total() == 0 ? write.length() : bursts.received());
    } else {
      finish(Plan.Respond.GOOD, write.length());
    }
  }
}
