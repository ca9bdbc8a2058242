// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** HTTP/1.1 for firmware and iPXE: bounded, without TLS, and without state between requests. */
public final class HttpServer implements AutoCloseable {
  private final EventLoopGroup loop;
  private final Map<String, Route> routes;
  private final List<Channel> listening = new ArrayList<>();

  /** Connections by address; on the one event loop only. */
  private final Map<InetAddress, Integer> connections = new HashMap<>();

  private int count;
  private final FailureLog failures = new FailureLog();

  private HttpServer(EventLoopGroup loop, Map<String, Route> routes) {
    this.loop = loop;
    this.routes = Map.copyOf(routes);
  }

  /**
   * Starts to serve.
   *
   * @param routes by prefix, each from a slash to a slash
   * @throws IOException in one line that says what to do
   */
  public static HttpServer start(List<InetSocketAddress> addresses, Map<String, Route> routes)
      throws IOException {
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, Thread.ofPlatform().name("http").daemon().factory(), NioIoHandler.newFactory());
    HttpServer server = new HttpServer(loop, routes);
    try {
      for (InetSocketAddress address : addresses) {
        server.listen(address);
      }
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /** Where it listens. */
  public List<InetSocketAddress> addresses() {
    return listening.stream().map(each -> (InetSocketAddress) each.localAddress()).toList();
  }

  private void listen(InetSocketAddress address) throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "HTTP cannot listen on %s:%d: %s; free the port, or choose another in 'http.listen'"
              .formatted(
                  address.getAddress().getHostAddress(),
                  address.getPort(),
                  bound.cause().getMessage()),
          bound.cause());
    }
    listening.add(bound.channel());
  }

  private void accept(SocketChannel channel) {
    InetAddress peer = channel.remoteAddress().getAddress();
    int ofPeer = connections.getOrDefault(peer, 0);
    if (count >= Limits.CONNECTIONS || ofPeer >= Limits.CONNECTIONS_FROM_ONE) {
      ChannelFuture _ = channel.close();
      return;
    }
    count++;
    connections.put(peer, ofPeer + 1);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              count--;
              connections.computeIfPresent(peer, (key, now) -> now == 1 ? null : now - 1);
            });
    HttpDecoderConfig bounds =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(Limits.FIRST_LINE)
            .setMaxHeaderSize(Limits.HEADERS)
            .setMaxChunkSize(Limits.BODY);
    RequestTimeout timeout = new RequestTimeout();
    channel
        .pipeline()
        .addLast(timeout)
        .addLast(new HttpServerCodec(bounds))
        // Holds back what a pipelining client sent, while its last request is answered; before
        // the aggregator, which says "100 Continue" and "413" by itself.
        .addLast(new FlowControlHandler())
        .addLast(new RequestRules())
        .addLast(new HttpObjectAggregator(Limits.BODY, true))
        .addLast(new HttpHandler(routes, timeout, failures));
  }

  /** Closes all; what is being sent is cut off. */
  @Override
  public void close() {
    for (Channel channel : listening) {
      channel.close().awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }
}
