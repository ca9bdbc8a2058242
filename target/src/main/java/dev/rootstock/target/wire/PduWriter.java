// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.TargetPdu;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a connection's outgoing PDUs, so that the answers to one burst of requests leave in one
 * system call. Used on the connection's event loop only.
 *
 * <p>PDUs are laid one behind the other into one pooled direct buffer, the <em>batch</em>; a read
 * puts its data there straight from the device. The channel gets slices of it. A batch that could
 * not be sent at once is filled further, so that unsent bytes always lie densely: a peer that does
 * not read cannot make us hold large buffers for small answers.
 */
public final class PduWriter {
  private final ChannelHandlerContext ctx;
  private @Nullable ByteBuf batch;

  /** Where the part of the batch begins that the channel has not got yet. */
  private int unsent;

  private boolean closed;

  public PduWriter(ChannelHandlerContext ctx) {
    this.ctx = ctx;
  }

  /**
   * Room for {@code bytes} more in one piece; the caller writes them at the writer index, or leaves
   * the buffer as it is.
   */
  public ByteBuf room(int bytes) {
    ByteBuf current = batch;
    if (current != null && current.writableBytes() >= bytes) {
      return current;
    }
    if (current != null) {
      handOver(current);
      current.release();
    }
    int capacity = Math.max(bytes, Limits.BATCH);
    ByteBuf fresh = ctx.alloc().directBuffer(capacity, capacity);
    batch = fresh;
    unsent = 0;
    return fresh;
  }

  /** Adds a PDU whose data are copied; takes over the caller's reference to it. */
  public void write(TargetPdu pdu) {
    try {
      ByteBuf data = pdu.data();
      int length = data.readableBytes();
      ByteBuf out = room(Bhs.BYTES + Bhs.padded(length));
      pdu.encodeHeader(out);
      out.writeBytes(data, data.readerIndex(), length);
      out.writeZero(Bhs.padded(length) - length);
    } finally {
      pdu.release();
    }
  }

  /** Adds bytes as they are, without a copy, and takes over the caller's reference to them. */
  public void append(ByteBuf bytes) {
    ByteBuf current = batch;
    if (current != null) {
      handOver(current);
    }
    var _ = ctx.write(bytes, ctx.voidPromise());
  }

  /** Sends everything. */
  public void flush() {
    if (closed) {
      close();
      return;
    }
    ByteBuf current = batch;
    if (current != null) {
      handOver(current);
    }
    ctx.flush();
    // Not the one of before: a flush may lead to more being written.
    ByteBuf left = batch;
    if (left != null && unsent == left.writerIndex() && left.refCnt() == 1) {
      // All of it is sent. A connection that is quiet holds no buffer.
      left.release();
      batch = null;
    }
  }

  /** Whether the connection takes more data now; {@code channelWritabilityChanged} says when. */
  public boolean writable() {
    return ctx.channel().isWritable();
  }

  /** Bytes that the connection has not sent yet. */
  public long unsentBytes() {
    ByteBuf current = batch;
    ChannelOutboundBuffer handedOver = ctx.channel().unsafe().outboundBuffer();
    return (current == null ? 0 : current.writerIndex() - unsent)
        + (handedOver == null ? 0 : handedOver.totalPendingWriteBytes());
  }

  /** Drops what the channel has not got yet; what is written afterwards is dropped by a flush. */
  public void close() {
    closed = true;
    ByteBuf current = batch;
    batch = null;
    if (current != null) {
      current.release();
    }
  }

  private void handOver(ByteBuf current) {
    int length = current.writerIndex() - unsent;
    if (length > 0 && !closed) {
      var _ = ctx.write(current.retainedSlice(unsent, length), ctx.voidPromise());
    }
    unsent = current.writerIndex();
  }
}
