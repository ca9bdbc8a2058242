// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.Pdu;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a connection's bytes into PDUs (RFC 7143 §11.2) and passes them on as records.
 *
 * <p>A PDU that lies whole in one received buffer is read from there, its data segment a slice. One
 * that does not is gathered in a buffer of exactly its length, known as soon as its header is
 * whole: so each byte is copied once at most, and an unfinished PDU never holds more than one.
 *
 * <p>A format error ends the connection's framing for good: what follows cannot be trusted (§7.7).
 * It goes through {@link #exceptionCaught} of the next handler, once; further bytes are dropped.
 */
public final class PduFramer extends ChannelInboundHandlerAdapter {

  /** Makes a record of a header and its data segment; {@code InitiatorPdu::decode} or its twin. */
  @FunctionalInterface
  public interface Decoder {
    Pdu decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException;
  }

  private final Decoder decoder;
  private int maxDataSegment;
  private int headerDigestBytes;
  private int dataDigestBytes;
  private @Nullable ByteBuf partial;
  private boolean broken;

  /**
   * Makes a framer for one connection, without digests.
   *
   * @param maxDataSegment the longest data segment to take, in bytes
   */
  public PduFramer(Decoder decoder, int maxDataSegment) {
    this.decoder = decoder;
    this.maxDataSegment = maxDataSegment;
  }

  /**
   * Takes what a login has agreed on; from the next PDU on.
   *
   * @param maxDataSegment as in the constructor
   * @param headerDigestBytes 0 or 4
   * @param dataDigestBytes 0 or 4
   */
  public void negotiated(int maxDataSegment, int headerDigestBytes, int dataDigestBytes) {
    this.maxDataSegment = maxDataSegment;
    this.headerDigestBytes = headerDigestBytes;
    this.dataDigestBytes = dataDigestBytes;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      while (!broken && in.isReadable()) {
        if (partial != null) {
          fill(ctx, partial, in);
        } else if (!whole(ctx, in)) {
          begin(ctx, in);
        }
      }
    } catch (MalformedPduException e) {
      broken = true;
      ctx.fireExceptionCaught(e);
    } finally {
      in.release();
    }
  }

  /** Passes on a PDU that lies whole in the buffer. */
  private boolean whole(ChannelHandlerContext ctx, ByteBuf in) throws MalformedPduException {
    if (in.readableBytes() < Bhs.BYTES) {
      return false;
    }
    int at = in.readerIndex();
    int length = length(in, at);
    if (in.readableBytes() < length) {
      return false;
    }
    in.skipBytes(length);
    emit(ctx, in, at);
    return true;
  }

  /** Keeps the beginning of a PDU. */
  private void begin(ChannelHandlerContext ctx, ByteBuf in) throws MalformedPduException {
    int length = in.readableBytes() < Bhs.BYTES ? Bhs.BYTES : length(in, in.readerIndex());
    partial = ctx.alloc().directBuffer(length, length);
    partial.writeBytes(in, Math.min(in.readableBytes(), length));
  }

  /** Adds to the PDU that has begun, and passes it on when it is whole. */
  private void fill(ChannelHandlerContext ctx, ByteBuf begun, ByteBuf in)
      throws MalformedPduException {
    ByteBuf pdu = begun;
    pdu.writeBytes(in, Math.min(in.readableBytes(), pdu.writableBytes()));
    if (pdu.isWritable()) {
      return;
    }
    int length = length(pdu, 0);
    if (pdu.capacity() < length) {
      // Only its header had been awaited so far.
      ByteBuf longer = ctx.alloc().directBuffer(length, length).writeBytes(pdu);
      pdu.release();
      partial = longer;
      return;
    }
    partial = null;
    try {
      emit(ctx, pdu, 0);
    } finally {
      pdu.release();
    }
  }

  /** The length of a PDU with all its segments, digests and padding, in bytes. */
  private int length(ByteBuf in, int at) throws MalformedPduException {
    int data = Bhs.dataSegmentLength(in, at);
    if (data > maxDataSegment) {
      throw new MalformedPduException("data segment beyond MaxRecvDataSegmentLength:", data);
    }
    int dataPart = data == 0 ? 0 : Bhs.padded(data) + dataDigestBytes;
    return Bhs.BYTES + Bhs.ahsBytes(in, at) + headerDigestBytes + dataPart;
  }

  private void emit(ChannelHandlerContext ctx, ByteBuf in, int at) throws MalformedPduException {
    int length = Bhs.dataSegmentLength(in, at);
    int dataAt = at + Bhs.BYTES + Bhs.ahsBytes(in, at) + headerDigestBytes;
    ByteBuf data = length == 0 ? Unpooled.EMPTY_BUFFER : in.retainedSlice(dataAt, length);
    ctx.fireChannelRead(decoder.decode(in, at, data));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    drop();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    drop();
  }

  private void drop() {
    broken = true;
    ByteBuf begun = partial;
    partial = null;
    if (begun != null) {
      begun.release();
    }
  }
}
