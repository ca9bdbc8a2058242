// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/** What RFC 9112 has a server check of a request and the decoder leaves to it. */
final class RequestRules extends ChannelInboundHandlerAdapter {

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpRequest request && request.decoderResult().isSuccess()) {
      check(request);
    }
    ctx.fireChannelRead(message);
  }

  private static void check(HttpRequest request) {
    int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
    // RFC 9112 §3.2.
    if (hosts > 1 || (hosts == 0 && request.protocolVersion().equals(HttpVersion.HTTP_1_1))) {
      request.setDecoderResult(
          DecoderResult.failure(new IllegalArgumentException(hosts + " Host headers")));
    }
    // RFC 9112 §6.1, §6.3: where a body ends is in doubt beside a Content-Length, in HTTP/1.0 and
    // with codings that nobody knows. No firmware sends any: whatever follows is not looked at.
    if (request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
      request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }
}
