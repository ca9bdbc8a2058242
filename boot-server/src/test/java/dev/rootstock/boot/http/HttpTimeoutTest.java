// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a connection may take of our time, by a clock that the test moves. */
class HttpTimeoutTest {

  /** Its peer takes nothing that is sent to it. */
  private static EmbeddedChannel connection() {
    RequestTimeout timeout = new RequestTimeout();
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.freezeTime();
    channel
        .pipeline()
        .addLast(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ReferenceCountUtil.release(message);
              }
            })
        .addLast(timeout)
        .addLast(new HttpServerCodec())
        .addLast(new HttpObjectAggregator(Limits.BODY, true))
        .addLast(new HttpHandler(Map.of(), timeout, new FailureLog()));
    timeout.restart(channel);
    return channel;
  }

  private static void send(EmbeddedChannel channel, String text) {
    channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  private static void passes(EmbeddedChannel channel, long seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  @Test
  void aRequestThatTricklesIsNotWaitedForLonger() {
    EmbeddedChannel channel = connection();
    send(channel, "GET / HTTP/1.1\r\n");
    for (int second = 1; second < Limits.IDLE_SECONDS; second++) {
      passes(channel, 1);
      send(channel, "X-" + second + ": y\r\n");
      assertTrue(channel.isOpen(), "closed after " + second + " s");
    }
    passes(channel, 1);
    assertFalse(channel.isOpen());
    channel.finishAndReleaseAll();
  }

  @Test
  void aRefusalThatNobodyReadsIsNotWaitedForLonger() {
    EmbeddedChannel channel = connection();
    passes(channel, Limits.IDLE_SECONDS - 1);
    send(channel, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n");
    passes(channel, Limits.IDLE_SECONDS - 1);
    assertTrue(channel.isOpen());
    passes(channel, 1);
    assertFalse(channel.isOpen());
    channel.finishAndReleaseAll();
  }
}
