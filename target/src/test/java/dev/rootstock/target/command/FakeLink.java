// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Digests;
import dev.rootstock.target.wire.MemoryBudget;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection without a session or a network, whose clock a test moves. */
final class FakeLink implements Allegiance {
  final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
  final MemoryBudget kept;
  final ArrayDeque<Runnable> scheduled = new ArrayDeque<>();
  final List<Task> over = new ArrayList<>();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final PduWriter writer;
  private final TransferParameters parameters;
  private final @Nullable Unacknowledged unacknowledged;
  private int statSn = 100;
  private int tag;

  FakeLink(TransferParameters parameters, long keptBytes) {
    this.parameters = parameters;
    this.kept = new MemoryBudget(keptBytes);
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast("last", new ChannelInboundHandlerAdapter());
    ChannelHandlerContext ctx = channel.pipeline().context("last");
    if (ctx == null) {
      throw new IllegalStateException();
    }
    writer = new PduWriter(ctx, Digests.NONE);
    unacknowledged =
        parameters.errorRecoveryLevel() == 0
            ? null
            : new Unacknowledged(this, kept, new MemoryBudget(Long.MAX_VALUE), statSn);
    if (unacknowledged != null) {
      writer.show(unacknowledged);
    }
  }

  static TransferParameters parameters(int errorRecoveryLevel, int maxSendSegment) {
    return new TransferParameters(
        maxSendSegment, 8192, 8192, true, true, 1, true, errorRecoveryLevel, Digests.NONE);
  }

  /** Lets the time pass that something waits for. */
  void tick() {
    scheduled.remove().run();
  }

  /** What was sent since the last call. */
  List<TargetPdu> sent() throws MalformedPduException {
    writer.flush();
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      all.writeBytes(part);
      part.release();
    }
    writer.flush();
    List<TargetPdu> pdus = new ArrayList<>();
    int at = 0;
    while (at < all.writerIndex()) {
      int length = Bhs.dataSegmentLength(all, at);
      pdus.add(TargetPdu.decode(all, at, all.slice(at + Bhs.BYTES, length)));
      at += Bhs.BYTES + Bhs.padded(length);
    }
    return pdus;
  }

  /** Ends the connection; what is left is a leak then. */
  void close() {
    if (unacknowledged != null) {
      unacknowledged.close();
    }
    writer.close();
    channel.finishAndReleaseAll();
  }

  Unacknowledged store() {
    if (unacknowledged == null) {
      throw new IllegalStateException("recovery level 0");
    }
    return unacknowledged;
  }

  @Override
  public PduWriter writer() {
    return writer;
  }

  @Override
  public ByteBufAllocator allocator() {
    return allocator;
  }

  @Override
  public TransferParameters parameters() {
    return parameters;
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
    return 1;
  }

  @Override
  public int maxCmdSn() {
    return 9;
  }

  @Override
  public int newTransferTag() {
    return tag++;
  }

  @Override
  public void execute(Runnable action) {
    action.run();
  }

  @Override
  public Runnable schedule(Runnable action, int millis) {
    scheduled.add(action);
    return () -> scheduled.remove(action);
  }

  @Override
  public void flushSoon() {}

  @Override
  public @Nullable Unacknowledged unacknowledged() {
    return unacknowledged;
  }

  @Override
  public boolean mayResend(int bytes) {
    return true;
  }

  @Override
  public boolean mayRead(ReadTask task) {
    return true;
  }

  @Override
  public boolean reserve(int bytes) {
    return true;
  }

  @Override
  public void unreserve(int bytes) {}

  @Override
  public void sending(int bytes) {}

  @Override
  public void awaitMemory(Task task) {
    throw new AssertionError("there is memory enough");
  }

  @Override
  public void forget(Task task) {}

  @Override
  public byte[] senseData(long lun, Sense sense) {
    return sense.fixedFormat();
  }

  @Override
  public boolean isSuspended() {
    return false;
  }

  @Override
  public void operationBegins() {}

  @Override
  public void operationEnds() {}

  @Override
  public void over(Task task) {
    over.add(task);
  }
}
