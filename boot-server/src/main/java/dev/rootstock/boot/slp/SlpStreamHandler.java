// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection (RFC 2608 §6.2): messages one after the other, each as long as its header
 * says. A message that is too long, or that nobody answers, ends the connection: where the next one
 * would begin is not known, or the other side would wait for ever. Nothing more is read while an
 * answer waits to be taken.
 */
final class SlpStreamHandler extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(SlpStreamHandler.class);
  private static final int LENGTH_END = SlpHeader.LENGTH_AT + 3;

  private final SlpResponder responder;
  private final SlpNetwork network;
  private final Inet4Address source;
  private final ByteBuf received = Unpooled.buffer(LENGTH_END, Limits.STREAM_MESSAGE);
  private @Nullable Future<?> idle;

  SlpStreamHandler(SlpResponder responder, SlpNetwork network, Inet4Address source) {
    this.responder = responder;
    this.network = network;
    this.source = source;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    wait(ctx);
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      while (bytes.isReadable() && ctx.channel().isActive()) {
        int wanted = Math.min(missing(), bytes.readableBytes());
        received.writeBytes(bytes, wanted);
        if (received.readableBytes() == LENGTH_END && !isPossible(length())) {
          log.debug("{} sends an SLP message of {} bytes over TCP", source, length());
          var _ = ctx.close();
        } else if (missing() == 0) {
          answer(ctx);
        }
      }
    } finally {
      ReferenceCountUtil.release(bytes);
    }
  }

  /** How many bytes the message still lacks: first its length, then all of it. */
  private int missing() {
    int have = received.readableBytes();
    return (have < LENGTH_END ? LENGTH_END : length()) - have;
  }

  private int length() {
    return received.getUnsignedMedium(SlpHeader.LENGTH_AT);
  }

  private static boolean isPossible(int length) {
    return length >= SlpHeader.FIXED && length <= Limits.STREAM_MESSAGE;
  }

  private void answer(ChannelHandlerContext ctx) {
    byte[] message = new byte[length()];
    received.readBytes(message).clear();
    Optional<byte[]> answer = responder.answerStream(message, source, network);
    if (answer.isEmpty()) {
      var _ = ctx.close();
      return;
    }
    wait(ctx);
    var _ = ctx.writeAndFlush(Unpooled.wrappedBuffer(answer.get()));
    ctx.channel().config().setAutoRead(ctx.channel().isWritable());
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    ctx.fireChannelWritabilityChanged();
  }

  private void wait(ChannelHandlerContext ctx) {
    if (idle != null) {
      idle.cancel(false);
    }
    idle =
        ctx.executor()
            .schedule(
                () -> {
                  var _ = ctx.close();
                },
                Limits.CONNECTION_IDLE.toSeconds(),
                TimeUnit.SECONDS);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (idle != null) {
      idle.cancel(false);
    }
    received.release();
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("an SLP connection of {} fails", source, cause);
    var _ = ctx.close();
  }
}
