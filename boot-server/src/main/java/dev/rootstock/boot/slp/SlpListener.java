// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes TCP connections (RFC 2608 §6.2), so many in all and of one address. All that it does, it
 * does on the agents' one thread.
 */
final class SlpListener extends ChannelInitializer<SocketChannel> {
  private static final Logger log = LoggerFactory.getLogger(SlpListener.class);

  private final SlpResponder responder;
  private final SlpNetwork network;
  private final Map<Inet4Address, Integer> connections;

  /**
   * @param connections how many each address has; of all listeners together
   */
  private SlpListener(
      SlpResponder responder, SlpNetwork network, Map<Inet4Address, Integer> connections) {
    this.responder = responder;
    this.network = network;
    this.connections = connections;
  }

  /** Counts connections, for all listeners of one server. */
  static Map<Inet4Address, Integer> newCount() {
    return new HashMap<>();
  }

  /**
   * Listens on a network's address.
   *
   * @throws IOException in one line that says what to do
   */
  static Channel listen(
      EventLoopGroup loop,
      SlpResponder responder,
      SlpNetwork network,
      Map<Inet4Address, Integer> connections,
      int port)
      throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, Limits.CONNECTIONS)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(new SlpListener(responder, network, connections))
            .bind(network.address(), port);
    bound.awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    if (!bound.isSuccess()) {
      throw new IOException(
          "SLP cannot listen on TCP %s:%d: %s; stop what has that port, or switch SLP off"
              .formatted(network.address().getHostAddress(), port, bound.cause()),
          bound.cause());
    }
    return bound.channel();
  }

  @Override
  protected void initChannel(SocketChannel channel) {
    if (!(channel.remoteAddress().getAddress() instanceof Inet4Address source)
        || !network.isOnLink(source)
        || connections.values().stream().mapToInt(Integer::intValue).sum() >= Limits.CONNECTIONS
        || connections.getOrDefault(source, 0) >= Limits.CONNECTIONS_OF_ONE) {
      log.debug("no SLP connection for {}", channel.remoteAddress());
      var _ = channel.close();
      return;
    }
    connections.merge(source, 1, Integer::sum);
    channel
        .closeFuture()
        .addListener(_ -> connections.computeIfPresent(source, (_, n) -> n > 1 ? n - 1 : null));
    channel.pipeline().addLast(new SlpStreamHandler(responder, network, source));
  }
}
