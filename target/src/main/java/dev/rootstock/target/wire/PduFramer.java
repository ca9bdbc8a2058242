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
 * <p>A header is checked against its digest before its lengths are believed; a wrong one is a
 * {@link HeaderDigestException}. A data segment that its digest does not fit goes on as {@link
 * CorruptData}.
 *
 * <p>A format error or a wrong header ends the connection's framing for good: what follows cannot
 * be trusted (§7.7, §7.8). It goes through {@link #exceptionCaught} of the next handler, once;
 * further bytes are dropped.
 */
public final class PduFramer extends ChannelInboundHandlerAdapter {

  /** Makes a record of a header and its data segment; {@code InitiatorPdu::decode} or its twin. */
  @FunctionalInterface
  public interface Decoder {
    Pdu decode(ByteBuf in, int at, ByteBuf data) throws MalformedPduException;
  }

  private final Decoder decoder;
  private final Digest digest = new Digest();
  private int maxDataSegment;
  private Digests digests = Digests.NONE;
  private @Nullable ByteBuf partial;

  /** Whether the header of the PDU that has begun is known to fit its digest. */
  private boolean headerChecked;

  /** What holds the PDU that is being passed on, and where it begins there. */
  private @Nullable ByteBuf passing;

  private int passingAt;

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
   */
  public void negotiated(int maxDataSegment, Digests digests) {
    this.maxDataSegment = maxDataSegment;
    this.digests = digests;
  }

  /**
   * The header of the PDU that is being passed on, as it came: all bits of it, and its additional
   * segments. For those that are told of it while they take it, without a copy for all the others.
   *
   * @throws IllegalStateException when none is being passed on
   */
  public ByteBuf header() {
    ByteBuf in = passing;
    if (in == null) {
      throw new IllegalStateException("no PDU is being passed on");
    }
    byte[] copy = new byte[Bhs.BYTES + Bhs.ahsBytes(in, passingAt)];
    in.getBytes(passingAt, copy);
    return Unpooled.wrappedBuffer(copy);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      while (!broken && in.isReadable()) {
        if (partial != null) {
          fill(ctx, partial, in);
        } else {
          begin(ctx, in);
        }
      }
    } catch (MalformedPduException | HeaderDigestException e) {
      broken = true;
      ctx.fireExceptionCaught(e);
    } finally {
      in.release();
    }
  }

  /** Passes on a PDU that lies whole in the buffer, or keeps its beginning. */
  private void begin(ChannelHandlerContext ctx, ByteBuf in)
      throws MalformedPduException, HeaderDigestException {
    int at = in.readerIndex();
    int have = in.readableBytes();
    int wanted = wanted(in, at, have);
    if (wanted <= have) {
      in.skipBytes(wanted);
      emit(ctx, in, at);
    } else {
      partial = ctx.alloc().directBuffer(wanted, wanted).writeBytes(in);
    }
  }

  /** Adds to the PDU that has begun, and passes it on when it is whole. */
  private void fill(ChannelHandlerContext ctx, ByteBuf begun, ByteBuf in)
      throws MalformedPduException, HeaderDigestException {
    begun.writeBytes(in, Math.min(in.readableBytes(), begun.writableBytes()));
    if (begun.isWritable()) {
      return;
    }
    int wanted = wanted(begun, 0, begun.writerIndex());
    if (begun.capacity() < wanted) {
      // Only a part of its header had been awaited so far.
      partial = ctx.alloc().directBuffer(wanted, wanted).writeBytes(begun);
      begun.release();
      return;
    }
    partial = null;
    try {
      emit(ctx, begun, 0);
    } finally {
      begun.release();
    }
  }

  /**
   * How many bytes a PDU has with all its segments, digests and padding; or, of one whose header is
   * not whole yet, how many have to come before more can be said.
   */
  private int wanted(ByteBuf in, int at, int have)
      throws MalformedPduException, HeaderDigestException {
    if (have < Bhs.BYTES) {
      return Bhs.BYTES;
    }
    int segments = Bhs.BYTES + Bhs.ahsBytes(in, at);
    int header = segments + digests.headerBytes();
    if (digests.header() && !headerChecked) {
      if (have < header) {
        return header;
      }
      if (in.getInt(at + segments) != digest.of(in, at, segments)) {
        throw new HeaderDigestException();
      }
      headerChecked = true;
    }
    int data = Bhs.dataSegmentLength(in, at);
    if (data > maxDataSegment) {
      throw new MalformedPduException("data segment beyond MaxRecvDataSegmentLength:", data);
    }
    return header + Bhs.padded(data) + digests.dataBytes(data);
  }

  private void emit(ChannelHandlerContext ctx, ByteBuf in, int at) throws MalformedPduException {
    headerChecked = false;
    int length = Bhs.dataSegmentLength(in, at);
    int dataAt = at + Bhs.BYTES + Bhs.ahsBytes(in, at) + digests.headerBytes();
    int padded = Bhs.padded(length);
    boolean corrupt =
        digests.dataBytes(length) > 0
            && in.getInt(dataAt + padded) != digest.of(in, dataAt, padded);
    ByteBuf data = length == 0 ? Unpooled.EMPTY_BUFFER : in.retainedSlice(dataAt, length);
    Pdu pdu = decoder.decode(in, at, data);
    passing = in;
    passingAt = at;
    ctx.fireChannelRead(corrupt ? new CorruptData(pdu) : pdu);
    passing = null;
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
