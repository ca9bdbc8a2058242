// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Allegiance;
import dev.rootstock.target.command.ReadTask;
import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.Pdu;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * One connection of a session, in the full feature phase: its status numbers, its outgoing side,
 * and the reads that wait until it takes more (RFC 7143 §4.2.2.2, §4.2.5.1).
 */
final class Connection implements Allegiance {
  private final Session session;
  private final ChannelHandlerContext ctx;
  private final PduWriter writer;
  private final TextExchange text;
  private final int cid;
  private final ArrayDeque<ReadTask> pausedReads = new ArrayDeque<>();
  private TransferParameters parameters;
  private int statSn;
  private boolean inBurst;
  private boolean flushScheduled;
  private boolean resumeScheduled;
  private boolean sentPing;
  private long received;

  /** Bytes of the server's memory that what is being sent has taken, beyond one batch. */
  private long outgoing;

  private boolean checkScheduled;

  Connection(
      Session session,
      ChannelHandlerContext ctx,
      int cid,
      int nextStatSn,
      TransferParameters parameters) {
    this.session = session;
    this.ctx = ctx;
    this.writer = new PduWriter(ctx);
    this.text = new TextExchange(session, this);
    this.cid = cid;
    this.statSn = nextStatSn;
    this.parameters = parameters;
  }

  Channel channel() {
    return ctx.channel();
  }

  int cid() {
    return cid;
  }

  TextExchange text() {
    return text;
  }

  /** Whether the initiator has sent a ping, and so can answer one; firmware cannot. */
  boolean answersPings() {
    return sentPing;
  }

  void hasSentPing() {
    sentPing = true;
  }

  /** How many PDUs have come, for those who wait for a sign of life. */
  long received() {
    return received;
  }

  /** A PDU has come; what it is answered with may wait for the end of the burst it is part of. */
  void receiving() {
    received++;
    inBurst = true;
  }

  /** All PDUs of a burst have been gone through. */
  void endBurst() {
    inBurst = false;
    writer.flush();
    if (writer.unsentBytes() > Limits.OUTBOUND_STOP) {
      channel().config().setAutoRead(false);
    }
  }

  /** The channel takes more, or no more. */
  void writabilityChanged() {
    if (!writer.writable()) {
      return;
    }
    channel().config().setAutoRead(true);
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

  @Override
  public boolean mayRead(ReadTask task) {
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

  /** Whether one more data segment may be gathered: in the batch, or in memory that is left. */
  private boolean mayGather() {
    if (writer.unsentBytes() < Limits.BATCH + outgoing) {
      return true;
    }
    if (!session.memory().tryTake(Limits.READ_CHUNK)) {
      return false;
    }
    outgoing += Limits.READ_CHUNK;
    scheduleCheck();
    return true;
  }

  @Override
  public void sending(int bytes) {
    if (!channel().isActive()) {
      session.unreserve(bytes);
      return;
    }
    outgoing += bytes;
    session.freed(bytes);
    if (outgoing > Limits.OUTBOUND_HIGH) {
      giveBackSent();
    }
    scheduleCheck();
  }

  /** Memory is given back now and then, so that the budget is no matter of every PDU. */
  private void scheduleCheck() {
    if (!checkScheduled && outgoing > 0) {
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
    long sent = outgoing - writer.unsentBytes();
    if (sent > 0) {
      outgoing -= sent;
      session.memory().give(sent);
    }
  }

  /** Answers a PDU that is not taken (RFC 7143 §11.17). */
  void reject(Pdu bad, int reason) {
    // Its header as we have understood it; reserved bits are not kept.
    ByteBuf header = Unpooled.buffer(64);
    bad.encodeHeader(header);
    writer.write(new Reject(reason, takeStatSn(), expCmdSn(), maxCmdSn(), 0, header));
    flushSoon();
  }

  /** Asks for a sign of life (RFC 7143 §11.19); any answer will do. */
  void ping() {
    writer.write(
        new NopIn(
            0,
            Tag.NONE,
            newTransferTag(),
            nextStatSn(),
            expCmdSn(),
            maxCmdSn(),
            Unpooled.EMPTY_BUFFER));
    flushSoon();
  }

  /** Sends what is written, then closes. */
  void closeAfterFlush() {
    writer.flush();
    var _ = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  void close() {
    writer.close();
    pausedReads.clear();
    var _ = ctx.close();
    // What the channel had not sent it has dropped.
    session.memory().give(outgoing);
    outgoing = 0;
  }

  @Override
  public PduWriter writer() {
    return writer;
  }

  @Override
  public ByteBufAllocator allocator() {
    return ctx.alloc();
  }

  @Override
  public TransferParameters parameters() {
    return parameters;
  }

  void parameters(TransferParameters changed) {
    parameters = changed;
  }

  @Override
  public int nextStatSn() {
    return statSn;
  }

  @Override
  public int takeStatSn() {
    return statSn++;
  }

  @Override
  public int expCmdSn() {
    return session.expCmdSn();
  }

  @Override
  public int maxCmdSn() {
    return session.maxCmdSn();
  }

  @Override
  public int newTransferTag() {
    return session.newTransferTag();
  }

  @Override
  public void execute(Runnable action) {
    session.execute(action);
  }

  @Override
  public void flushSoon() {
    if (!inBurst && !flushScheduled) {
      flushScheduled = true;
      ctx.executor().execute(this::scheduledFlush);
    }
  }

  private void scheduledFlush() {
    flushScheduled = false;
    writer.flush();
  }

  @Override
  public boolean reserve(int bytes) {
    return session.reserve(bytes);
  }

  @Override
  public void unreserve(int bytes) {
    session.unreserve(bytes);
  }

  @Override
  public void awaitMemory(Task task) {
    session.awaitMemory(task);
  }

  @Override
  public void forget(Task task) {
    if (task instanceof ReadTask read) {
      pausedReads.remove(read);
    }
    session.forget(task);
  }

  @Override
  public void operationBegins() {
    session.operationBegins();
  }

  @Override
  public void operationEnds() {
    session.operationEnds();
  }

  @Override
  public void over(Task task) {
    session.over(task);
  }
}
