// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection: PDUs in, messages to those who decide, PDUs out. A message that cannot be
 * read is answered with its error, and the next one is read. While answers wait to be taken nothing
 * more is read, and nothing more is answered of what was: a short request can have a long answer.
 */
final class IsnsConnection extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(IsnsConnection.class);

  private final InetAddress peer;
  private final IsnsResponder responder;
  private final IsnsWatch watch;
  private final Duration patience;
  private final ByteBuf received = Unpooled.buffer(IsnsMessage.HEADER, IsnsMessage.HEADER + 0xFFFF);
  private final IsnsAssembler assembler = new IsnsAssembler(Limits.REQUEST);

  /** What was read and is not looked at yet: no more than one reading brings. */
  private final Deque<ByteBuf> backlog = new ArrayDeque<>();

  private boolean resumes;
  private String source = "";
  private @Nullable Future<?> idle;

  IsnsConnection(InetAddress peer, IsnsResponder responder, IsnsWatch watch, Duration patience) {
    this.peer = peer;
    this.responder = responder;
    this.watch = watch;
    this.patience = patience;
  }

  /** Whether the last who asked over it was that node, from that address. */
  boolean isOf(String node, InetAddress address) {
    return source.equals(node) && peer.equals(address);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    wait(ctx);
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    backlog.add((ByteBuf) message);
    drain(ctx);
  }

  /** Some PDUs, as long as their answers are taken; then it is the other connections' turn. */
  private void drain(ChannelHandlerContext ctx) {
    int turns = Limits.PDUS_AT_ONCE;
    while (!backlog.isEmpty() && ctx.channel().isActive() && ctx.channel().isWritable()) {
      ByteBuf bytes = backlog.getFirst();
      if (!bytes.isReadable()) {
        backlog.removeFirst().release();
        continue;
      }
      if (turns-- == 0) {
        resumeLater(ctx);
        break;
      }
      received.writeBytes(bytes, Math.min(missing(), bytes.readableBytes()));
      if (missing() == 0) {
        pdu(ctx);
      }
    }
    ctx.channel().config().setAutoRead(backlog.isEmpty() && ctx.channel().isWritable());
  }

  private void resumeLater(ChannelHandlerContext ctx) {
    if (!resumes) {
      resumes = true;
      ctx.executor()
          .execute(
              () -> {
                resumes = false;
                drain(ctx);
              });
    }
  }

  /** How many bytes the PDU still lacks: first its header, then all of it. */
  private int missing() {
    int have = received.readableBytes();
    int length = have < IsnsMessage.HEADER ? 0 : received.getUnsignedShort(4);
    return IsnsMessage.HEADER + length - have;
  }

  private void pdu(ChannelHandlerContext ctx) {
    IsnsAssembler.Header header =
        IsnsAssembler.Header.read(received.nioBuffer(0, IsnsMessage.HEADER));
    byte[] payload = new byte[header.length()];
    received.skipBytes(IsnsMessage.HEADER).readBytes(payload).clear();
    wait(ctx);
    try {
      assembler.take(header, payload).ifPresent(message -> take(ctx, message));
    } catch (IsnsException e) {
      log.debug("{} from {}: {}", e.status(), peer, e.getMessage());
      if ((header.function() & IsnsFunction.RESPONSE) == 0) {
        send(ctx, header.refused(e.status()));
      }
      if (e.status() == IsnsStatus.VERSION_NOT_SUPPORTED) {
        var _ = ctx.close();
      }
    }
  }

  private void take(ChannelHandlerContext ctx, IsnsMessage message) {
    if (message.isResponse()) {
      watch.answered(message, peer);
      return;
    }
    IsnsResponder.source(message).ifPresent(each -> source = each);
    send(ctx, responder.answer(message, peer));
  }

  private static void send(ChannelHandlerContext ctx, IsnsMessage message) {
    var _ = ctx.writeAndFlush(Unpooled.wrappedBuffer(message.encode()));
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    drain(ctx);
    ctx.fireChannelWritabilityChanged();
  }

  private void wait(ChannelHandlerContext ctx) {
    if (idle != null) {
      idle.cancel(false);
    }
    idle = ctx.executor().schedule(() -> close(ctx), patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void close(ChannelHandlerContext ctx) {
    var _ = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    Optional.ofNullable(idle).ifPresent(each -> each.cancel(false));
    backlog.forEach(ReferenceCountUtil::release);
    backlog.clear();
    received.release();
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("an iSNS connection of {} fails", peer, cause);
    close(ctx);
  }
}
