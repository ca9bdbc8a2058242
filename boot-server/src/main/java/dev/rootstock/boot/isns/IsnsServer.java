// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.boot.net.InterfaceSocket;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The iSNS server on its sockets, all on one thread. Clients come over TCP only (RFC 4171 §2.9
 * makes UDP optional), so that where a message comes from is proved and no answer goes to a victim.
 * Inquiries and notifications go over a client's own connection, or to the port that it registered
 * at its own address, by UDP where it wants that.
 */
public final class IsnsServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(IsnsServer.class);

  /** IANA's port for iSNS. */
  public static final int PORT = 3205;

  private final EventLoopGroup loop;
  private final IsnsResponder responder;
  private final IsnsWatch watch;
  private final Map<Channel, IsnsConnection> connections = new LinkedHashMap<>();
  private final Map<InetAddress, Integer> ofOne = new LinkedHashMap<>();
  private final InetSocketAddress address;

  private IsnsServer(
      EventLoopGroup loop, IsnsSettings settings, IsnsTargets targets, LongSupplier seconds)
      throws IOException {
    this.loop = loop;
    IsnsDatabase database = new IsnsDatabase(settings, targets, seconds);
    this.responder = new IsnsResponder(database);
    this.watch = new IsnsWatch(database);
    this.address = listen(settings.listen());
  }

  /**
   * Starts to answer.
   *
   * @throws IOException in one line that says what to do; nothing is left open
   */
  public static IsnsServer start(IsnsSettings settings, IsnsTargets targets) throws IOException {
    return start(settings, targets, Limits.WATCH, () -> Instant.now().getEpochSecond());
  }

  /**
   * Starts to answer, by another clock.
   *
   * @param watch how often it is looked what is due
   * @param seconds since 1970
   */
  static IsnsServer start(
      IsnsSettings settings, IsnsTargets targets, Duration watch, LongSupplier seconds)
      throws IOException {
    EventLoopGroup loop = InterfaceSocket.newEventLoop("iSNS");
    try {
      IsnsServer server = new IsnsServer(loop, settings, targets, seconds);
      long every = watch.toMillis();
      var _ = loop.scheduleAtFixedRate(server::watch, every, every, TimeUnit.MILLISECONDS);
      return server;
    } catch (IOException | RuntimeException e) {
      end(loop);
      throw e;
    }
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  private InetSocketAddress listen(InetSocketAddress wanted) throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, Limits.CONNECTIONS)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                })
            .bind(wanted);
    bound.awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    if (!bound.isSuccess()) {
      throw new IOException(
          "iSNS cannot listen on TCP %s:%d: %s; stop what has that port, or configure 'isns.listen'"
              .formatted(wanted.getAddress().getHostAddress(), wanted.getPort(), bound.cause()),
          bound.cause());
    }
    return (InetSocketAddress) bound.channel().localAddress();
  }

  private void accept(SocketChannel channel) {
    InetAddress peer = channel.remoteAddress().getAddress();
    if (connections.size() >= Limits.CONNECTIONS
        || ofOne.getOrDefault(peer, 0) >= Limits.CONNECTIONS_OF_ONE) {
      log.debug("no iSNS connection for {}", peer);
      var _ = channel.close();
      return;
    }
    IsnsConnection connection = new IsnsConnection(peer, responder, watch, Limits.CONNECTION_IDLE);
    connections.put(channel, connection);
    ofOne.merge(peer, 1, Integer::sum);
    channel
        .closeFuture()
        .addListener(
            _ -> {
              connections.remove(channel);
              ofOne.computeIfPresent(peer, (_, n) -> n > 1 ? n - 1 : null);
            });
    channel.pipeline().addLast(connection);
  }

  // ---- unasked

  private void watch() {
    try {
      watch.due().forEach(this::send);
    } catch (RuntimeException e) {
      log.error("iSNS could not look for what has changed", e);
    }
  }

  /** RFC 4171 §6.3.5, §6.3.7: to a UDP port always, in place of a TCP port by what is open. */
  private void send(IsnsWatch.Outgoing outgoing) {
    byte[] message = outgoing.message().encode();
    InetSocketAddress to = new InetSocketAddress(outgoing.address(), outgoing.port().number());
    if (outgoing.port().udp()) {
      datagram(to, message);
      return;
    }
    for (Map.Entry<Channel, IsnsConnection> each : connections.entrySet()) {
      if (each.getValue().isOf(outgoing.node(), outgoing.address())) {
        var _ = each.getKey().writeAndFlush(Unpooled.wrappedBuffer(message));
        return;
      }
    }
    connect(to, message);
  }

  /** A connection of ours: one message out, its answer in, and it is closed. */
  private void connect(InetSocketAddress to, byte[] message) {
    IsnsConnection connection =
        new IsnsConnection(to.getAddress(), responder, watch, Limits.CLIENT_PATIENCE);
    var _ =
        new Bootstrap()
            .group(loop)
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Limits.CLIENT_PATIENCE.toMillis())
            .handler(connection)
            .connect(to)
            .addListener(
                (ChannelFuture connected) -> {
                  if (connected.isSuccess()) {
                    var _ = connected.channel().writeAndFlush(Unpooled.wrappedBuffer(message));
                  }
                });
  }

  private void datagram(InetSocketAddress to, byte[] message) {
    var _ =
        new Bootstrap()
            .group(loop)
            .channel(EpollDatagramChannel.class)
            .handler(new DatagramAnswer())
            .bind(0)
            .addListener(
                (ChannelFuture bound) -> {
                  if (bound.isSuccess()) {
                    send(bound.channel(), new DatagramPacket(Unpooled.wrappedBuffer(message), to));
                  }
                });
  }

  /** Sends one datagram, and waits for its answer as long as a client may take. */
  private void send(Channel channel, DatagramPacket packet) {
    var _ = channel.writeAndFlush(packet);
    Runnable close =
        () -> {
          var _ = channel.close();
        };
    var _ = loop.schedule(close, Limits.CLIENT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Hears the answer to one datagram. */
  private final class DatagramAnswer extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      byte[] bytes = new byte[packet.content().readableBytes()];
      packet.content().readBytes(bytes);
      ByteBuffer pdu = ByteBuffer.wrap(bytes);
      if (bytes.length < IsnsMessage.HEADER) {
        return;
      }
      IsnsAssembler.Header header = IsnsAssembler.Header.read(pdu);
      byte[] payload = new byte[pdu.remaining()];
      pdu.get(payload);
      try {
        new IsnsAssembler(Limits.REQUEST)
            .take(header, payload)
            .filter(IsnsMessage::isResponse)
            .ifPresent(each -> watch.answered(each, packet.sender().getAddress()));
      } catch (IsnsException e) {
        log.debug("{} from {}: {}", e.status(), packet.sender(), e.getMessage());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      log.debug("an iSNS datagram could not be handled", cause);
    }
  }

  /** Closes all sockets. */
  @Override
  public void close() {
    end(loop);
  }

  private static void end(EventLoopGroup loop) {
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }
}
