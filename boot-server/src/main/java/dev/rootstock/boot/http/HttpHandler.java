// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import dev.rootstock.boot.files.BootFile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. A request is answered on a virtual thread, which may wait for the disk and for
 * the peer; until that is done nothing more is read, so a connection has one thread at most.
 */
final class HttpHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger log = LoggerFactory.getLogger(HttpHandler.class);
  private static final Set<HttpMethod> METHODS =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST);

  private static final String SCHEME = "http://";

  /** RFC 9110 §5.6.7. */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final Map<String, Route> routes;
  private final RequestTimeout timeout;
  private final FailureLog failures;

  HttpHandler(Map<String, Route> routes, RequestTimeout timeout, FailureLog failures) {
    this.routes = routes;
    this.timeout = timeout;
    this.failures = failures;
  }

  /** What of a request is needed once its buffers are gone. */
  private record Exchange(
      Channel channel, Request request, @Nullable String range, boolean keepAlive) {}

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest message) {
    boolean keepAlive = HttpUtil.isKeepAlive(message);
    if (message.decoderResult().isFailure() || !METHODS.contains(message.method())) {
      HttpResponseStatus status =
          message.decoderResult().isFailure()
              ? HttpResponseStatus.BAD_REQUEST
              : HttpResponseStatus.METHOD_NOT_ALLOWED;
      refuse(ctx, Answer.Text.failed(status, status.reasonPhrase()));
      return;
    }
    Request request;
    try {
      request = request(ctx.channel(), message);
    } catch (IllegalArgumentException e) {
      refuse(
          ctx,
          Answer.Text.failed(HttpResponseStatus.BAD_REQUEST, "the address is not well-formed"));
      return;
    }
    // RFC 9110 §14.2: only a GET has a range. §13.1.5: we have no validators, so If-Range never
    // holds, and the whole is sent.
    boolean ranged =
        message.method().equals(HttpMethod.GET)
            && !message.headers().contains(HttpHeaderNames.IF_RANGE);
    Exchange exchange =
        new Exchange(
            ctx.channel(),
            request,
            ranged ? message.headers().get(HttpHeaderNames.RANGE) : null,
            keepAlive);
    ctx.channel().config().setAutoRead(false);
    Thread.ofVirtual().name("http " + ctx.channel().remoteAddress()).start(() -> run(exchange));
  }

  /** The last answer of a connection: what its peer has sent behind it is not looked at. */
  private void refuse(ChannelHandlerContext ctx, Answer.Text why) {
    ctx.channel().config().setAutoRead(false);
    timeout.end(ctx.channel());
    ctx.writeAndFlush(text(why, false, false)).addListener(ChannelFutureListener.CLOSE);
  }

  private static Request request(Channel channel, FullHttpRequest message) {
    QueryStringDecoder query =
        new QueryStringDecoder(
            originForm(message.uri()), StandardCharsets.UTF_8, true, Limits.PARAMETERS);
    Map<String, String> parameters = new HashMap<>();
    for (Map.Entry<String, List<String>> each : query.parameters().entrySet()) {
      parameters.put(each.getKey(), each.getValue().getFirst());
    }
    InetSocketAddress client = (InetSocketAddress) channel.remoteAddress();
    return new Request(message.method(), query.path(), parameters, client.getAddress());
  }

  /** RFC 9112 §3.2.2: a whole URL is understood as well; its host does not matter here. */
  private static String originForm(String target) {
    if (!target.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return target;
    }
    int path = target.indexOf('/', SCHEME.length());
    return path < 0 ? "/" : target.substring(path);
  }

  private void run(Exchange exchange) {
    try {
      switch (answer(exchange.request())) {
        case Answer.Text text -> {
          boolean head = exchange.request().method().equals(HttpMethod.HEAD);
          FullHttpResponse response = text(text, exchange.keepAlive(), head);
          if (text.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, others(exchange.request().method()));
          }
          await(exchange.channel().writeAndFlush(response));
        }
        case Answer.File answer -> {
          try (BootFile file = answer.file()) {
            if (exchange.request().method().equals(HttpMethod.POST)) {
              refusePost(exchange);
            } else {
              send(exchange, file);
            }
          }
        }
      }
      if (exchange.keepAlive()) {
        resume(exchange.channel());
        return;
      }
    } catch (IOException e) {
      log.debug("HTTP: {} is gone: {}", exchange.request().client(), e.toString());
    } catch (RuntimeException e) {
      failures.warn("a request could not be answered", e);
    }
    ChannelFuture _ = exchange.channel().close();
  }

  private void resume(Channel channel) throws IOException {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                timeout.restart(channel);
                channel.config().setAutoRead(true);
              });
    } catch (RejectedExecutionException e) {
      throw new IOException("the server stopped while it was answered", e);
    }
  }

  /** The answer of the route with the longest prefix; failures become answers too. */
  private Answer answer(Request request) {
    String path = request.path();
    for (int slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
      Route route = routes.get(path.substring(0, slash + 1));
      if (route != null) {
        try {
          return route.answer(request, path.substring(slash + 1));
        } catch (NoSuchFileException e) {
          break;
        } catch (Exception e) {
          failures.warn(path.replaceAll("[^ -~]", "?") + " failed", e);
          return Answer.Text.failed(
              HttpResponseStatus.INTERNAL_SERVER_ERROR, "failed; the server's log says why");
        }
      }
      if (slash == 0) {
        break;
      }
    }
    return Answer.Text.failed(HttpResponseStatus.NOT_FOUND, "there is no such file here");
  }

  /** RFC 9110 §15.5.6: a route refuses to be read from, or to be posted to. */
  private static String others(HttpMethod refused) {
    return refused.equals(HttpMethod.POST) ? "GET, HEAD" : "POST";
  }

  private static void refusePost(Exchange exchange) throws IOException {
    FullHttpResponse response =
        text(
            Answer.Text.failed(HttpResponseStatus.METHOD_NOT_ALLOWED, "a file is only read"),
            exchange.keepAlive(),
            false);
    response.headers().set(HttpHeaderNames.ALLOW, others(HttpMethod.POST));
    await(exchange.channel().writeAndFlush(response));
  }

  private static void send(Exchange exchange, BootFile file) throws IOException {
    ByteRange range;
    try {
      range = ByteRange.of(exchange.range(), file.size());
    } catch (ByteRange.NotSatisfiableException e) {
      FullHttpResponse response =
          text(
              Answer.Text.failed(
                  HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                  "the file has " + file.size() + " bytes"),
              exchange.keepAlive(),
              false);
      response.headers().set(HttpHeaderNames.CONTENT_RANGE, "bytes */" + file.size());
      await(exchange.channel().writeAndFlush(response));
      return;
    }
    HttpResponse head =
        new DefaultHttpResponse(
            HttpVersion.HTTP_1_1,
            range.partial() ? HttpResponseStatus.PARTIAL_CONTENT : HttpResponseStatus.OK);
    head.headers()
        .set(HttpHeaderNames.DATE, now())
        .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_OCTET_STREAM)
        .set(HttpHeaderNames.ACCEPT_RANGES, HttpHeaderValues.BYTES)
        .set(HttpHeaderNames.CONTENT_LENGTH, range.to() - range.from());
    if (range.partial()) {
      head.headers()
          .set(
              HttpHeaderNames.CONTENT_RANGE,
              "bytes %d-%d/%d".formatted(range.from(), range.to() - 1, file.size()));
    }
    HttpUtil.setKeepAlive(head, exchange.keepAlive());
    ChannelFuture _ = exchange.channel().write(head);
    if (!exchange.request().method().equals(HttpMethod.HEAD)) {
      sendBytes(exchange.channel(), file, range);
    }
    await(exchange.channel().writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT));
  }

  /** A chunk is read when the one before it is with the kernel: a slow peer costs one chunk. */
  private static void sendBytes(Channel channel, BootFile file, ByteRange range)
      throws IOException {
    for (long at = range.from(); at < range.to(); at += Limits.CHUNK) {
      int length = (int) Math.min(Limits.CHUNK, range.to() - at);
      ByteBuf chunk = channel.alloc().ioBuffer(length);
      try {
        file.read(at, chunk.nioBuffer(0, length));
      } catch (IOException | RuntimeException e) {
        chunk.release();
        throw e;
      }
      await(channel.writeAndFlush(new DefaultHttpContent(chunk.writerIndex(length))));
    }
  }

  private static void await(ChannelFuture future) throws IOException {
    if (!future.awaitUninterruptibly(Limits.IDLE_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException("it takes nothing for %d s".formatted(Limits.IDLE_SECONDS));
    }
    if (!future.isSuccess()) {
      throw new IOException(future.cause());
    }
  }

  private static FullHttpResponse text(Answer.Text answer, boolean keepAlive, boolean head) {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            answer.status(),
            head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
    response
        .headers()
        .set(HttpHeaderNames.DATE, now())
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    if (answer.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
      response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD, POST");
    }
    HttpUtil.setKeepAlive(response, keepAlive);
    return response;
  }

  /** RFC 9110 §6.6.1: who has a clock says the time. */
  private static String now() {
    return DATE.format(Instant.now());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("HTTP: {}: {}", ctx.channel().remoteAddress(), cause.toString());
    ChannelFuture _ = ctx.close();
  }
}
