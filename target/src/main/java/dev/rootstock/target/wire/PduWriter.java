// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import dev.rootstock.images.block.Loan;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.TargetPdu;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
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

  /** Shown every PDU that is written, but for those that are written again. */
  public interface Witness {

    /**
     * A PDU has been written.
     *
     * @param header holds its header of 48 bytes at {@code at}
     * @param data holds its data segment of {@code length} bytes at {@code dataAt}
     */
    void written(ByteBuf header, int at, ByteBuf data, int dataAt, int length);
  }

  private final ChannelHandlerContext ctx;
  private final Digests digests;
  private final Digest digest = new Digest();
  private @Nullable Witness witness;
  private @Nullable ByteBuf batch;

  /** Where the part of the batch begins that the channel has not got yet. */
  private int unsent;

  private boolean closed;

  /** Makes a writer for a connection that has agreed on these digests. */
  public PduWriter(ChannelHandlerContext ctx, Digests digests) {
    this.ctx = ctx;
    this.digests = digests;
  }

  /** Shows every PDU from now on to somebody who may copy it. */
  public void show(Witness to) {
    witness = to;
  }

  /** Where a PDU's data lie behind the beginning of its header, in bytes. */
  public int dataOffset() {
    return Bhs.BYTES + digests.headerBytes();
  }

  /** How long a PDU is with its padding and digests, in bytes. */
  public int pduBytes(int dataLength) {
    return dataOffset() + Bhs.padded(dataLength) + digests.dataBytes(dataLength);
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
      ByteBuf out = room(pduBytes(length));
      int at = out.writerIndex();
      pdu.encodeHeader(out);
      out.setBytes(at + dataOffset(), data, data.readerIndex(), length);
      seal(out, at, length);
    } finally {
      pdu.release();
    }
  }

  /**
   * Ends a PDU whose data lie in place, {@link #dataOffset} bytes behind the header at {@code at}:
   * adds padding and digests, for which {@link #pduBytes} has counted room.
   */
  public void seal(ByteBuf out, int at, int dataLength) {
    if (witness != null) {
      witness.written(out, at, out, at + dataOffset(), dataLength);
    }
    sealUnseen(out, at, dataLength);
  }

  private void sealUnseen(ByteBuf out, int at, int dataLength) {
    int dataAt = sealHeader(out, at);
    int padded = Bhs.padded(dataLength);
    out.setZero(dataAt + dataLength, padded - dataLength);
    out.writerIndex(dataAt + padded);
    if (digests.dataBytes(dataLength) > 0) {
      out.writeInt(digest.of(out, dataAt, padded));
    }
  }

  private int sealHeader(ByteBuf out, int at) {
    if (digests.header()) {
      out.setInt(at + Bhs.BYTES, digest.of(out, at, Bhs.BYTES));
    }
    return at + dataOffset();
  }

  /**
   * Adds a PDU whose data are not copied, and takes over the caller's reference to them.
   *
   * @param out has room for {@link #dataOffset} bytes, and the header at {@code at} as its last
   */
  public void append(ByteBuf out, int at, ByteBuf data) {
    int length = data.readableBytes();
    if (witness != null) {
      witness.written(out, at, data, data.readerIndex(), length);
    }
    int padding = Bhs.padded(length) - length;
    int check =
        digests.dataBytes(length) == 0 ? 0 : digest.of(data, data.readerIndex(), length, padding);
    append(out, at, data, check, ctx.voidPromise());
  }

  private void append(ByteBuf out, int at, ByteBuf data, int check, ChannelPromise sent) {
    int length = data.readableBytes();
    int padding = Bhs.padded(length) - length;
    int digestBytes = digests.dataBytes(length);
    out.writerIndex(sealHeader(out, at));
    handOver(out);
    var _ = ctx.write(data, sent);
    if (padding + digestBytes > 0) {
      ByteBuf behind = room(padding + digestBytes);
      behind.writeZero(padding);
      if (digestBytes > 0) {
        behind.writeInt(check);
      }
    }
  }

  /**
   * Whether lent data may be sent: nobody but the kernel would read them. Where a data digest is to
   * follow them, somebody has to know it already.
   */
  public boolean takes(Loan loan) {
    return !digests.data() || (loan.bytes().remaining() % 4 == 0 && loan.checksum() >= 0);
  }

  /** Whether any data may be lent: those that are kept to be sent again are not. */
  public boolean takesLoans() {
    return witness == null;
  }

  /**
   * Adds a PDU whose data are lent, where {@link #takes} allows it; gives them back when the kernel
   * has them, or when the connection ends.
   *
   * @param at as in {@link #append}
   */
  public void lend(ByteBuf out, int at, Loan loan) {
    ChannelPromise sent = ctx.newPromise();
    int check = digests.data() ? Digest.word(loan.checksum()) : 0;
    append(out, at, Unpooled.wrappedBuffer(loan.bytes()), check, sent);
    var _ = sent.addListener(_ -> loan.giveBack());
  }

  /** Writes a PDU that has been sent before. */
  public void writeAgain(Replica pdu) {
    ByteBuf bytes = pdu.bytes();
    int length = bytes.readableBytes() - Bhs.BYTES;
    ByteBuf out = room(pduBytes(length));
    int at = out.writerIndex();
    out.setBytes(at, bytes, 0, Bhs.BYTES);
    out.setBytes(at + dataOffset(), bytes, Bhs.BYTES, length);
    sealUnseen(out, at, length);
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
