// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.ReadTask;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.PduWriter;
import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * What of a connection's data has not been sent: the memory that it takes, and the reads that wait
 * until the initiator takes more. On the session's event loop.
 */
final class Outgoing {
  private final ChannelHandlerContext ctx;
  private final PduWriter writer;
  private final SessionMemory memory;
  private final ArrayDeque<ReadTask> pausedReads = new ArrayDeque<>();

  /** Bytes of the server's memory that what is being sent has taken, beyond one batch. */
  private long taken;

  private boolean resumeScheduled;
  private boolean checkScheduled;

  Outgoing(ChannelHandlerContext ctx, PduWriter writer, SessionMemory memory) {
    this.ctx = ctx;
    this.writer = writer;
    this.memory = memory;
  }

  /** The channel takes more. */
  void writable() {
    scheduleResume(0);
  }

  private void scheduleResume(int millis) {
    if (!resumeScheduled && !pausedReads.isEmpty()) {
      resumeScheduled = true;
      // Never within the caller, who may be in the midst of a flush.
      if (millis == 0) {
        ctx.executor().execute(this::resumeReads);
      } else {
        var _ = ctx.executor().schedule(this::resumeReads, millis, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void resumeReads() {
    resumeScheduled = false;
    for (int n = pausedReads.size(); n > 0 && writer.writable(); n--) {
      pausedReads.remove().resume();
    }
    writer.flush();
    if (writer.writable()) {
      scheduleResume(Limits.MEMORY_CHECK_MILLIS);
    }
  }

  /** Whether a read may go on; if not, it is resumed when it may. */
  boolean mayRead(ReadTask task) {
    boolean writable = writer.writable();
    if (writable && mayGather()) {
      return true;
    }
    pausedReads.add(task);
    if (writable) {
      scheduleResume(Limits.MEMORY_CHECK_MILLIS);
    }
    return false;
  }

  /** A read that waits is aborted, or goes on elsewhere. */
  void forget(ReadTask task) {
    pausedReads.remove(task);
  }

  /** Whether one more data segment may be gathered: in the batch, or in memory that is left. */
  private boolean mayGather() {
    if (writer.unsentBytes() < Limits.BATCH + taken) {
      return true;
    }
    if (!memory.budget().tryTake(Limits.READ_CHUNK)) {
      return false;
    }
    took(Limits.READ_CHUNK);
    return true;
  }

  /** Memory that a task had reserved is given back when its bytes are sent. */
  void sending(int bytes) {
    if (!ctx.channel().isActive()) {
      memory.unreserve(bytes);
      return;
    }
    taken += bytes;
    memory.freed(bytes);
    if (taken > Limits.OUTBOUND_HIGH) {
      giveBackSent();
    }
    scheduleCheck();
  }

  /** Takes memory for what is sent again, if there is some and the initiator reads. */
  boolean mayResend(int bytes) {
    if (writer.unsentBytes() + bytes > Limits.OUTBOUND_STOP || !memory.budget().tryTake(bytes)) {
      return false;
    }
    took(bytes);
    return true;
  }

  private void took(int bytes) {
    taken += bytes;
    scheduleCheck();
  }

  /** Memory is given back now and then, so that the budget is no matter of every PDU. */
  private void scheduleCheck() {
    if (!checkScheduled && taken > 0) {
      checkScheduled = true;
      var _ =
          ctx.executor()
              .schedule(
                  () -> {
                    checkScheduled = false;
                    giveBackSent();
                    scheduleCheck();
                  },
                  Limits.MEMORY_CHECK_MILLIS,
                  TimeUnit.MILLISECONDS);
    }
  }

  private void giveBackSent() {
    long sent = taken - writer.unsentBytes();
    if (sent > 0) {
      taken -= sent;
      memory.budget().give(sent);
    }
  }

  /** The channel is closed: what it had not sent it has dropped. */
  void close() {
    pausedReads.clear();
    memory.budget().give(taken);
    taken = 0;
  }
}
