// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose request does not arrive whole in time, however slowly it trickles. The
 * time stands still while a request is answered, which is when nothing is read.
 */
final class RequestTimeout extends ChannelInboundHandlerAdapter {
  private @Nullable Future<?> alarm;

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    restart(ctx.channel());
    ctx.fireChannelActive();
  }

  /** The next request has its whole time from now on. On the event loop only. */
  void restart(Channel channel) {
    set(
        channel,
        () -> {
          if (channel.config().isAutoRead()) {
            ChannelFuture _ = channel.close();
          }
        });
  }

  /** The last answer has so long to leave, and the connection with it. On the event loop only. */
  void end(Channel channel) {
    set(
        channel,
        () -> {
          ChannelFuture _ = channel.close();
        });
  }

  private void set(Channel channel, Runnable action) {
    cancel();
    alarm = channel.eventLoop().schedule(action, Limits.IDLE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    cancel();
    ctx.fireChannelInactive();
  }

  private void cancel() {
    if (alarm != null) {
      alarm.cancel(false);
    }
  }
}
