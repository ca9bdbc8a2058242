// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.boot.net.OnceLog;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SLP agents on their sockets: for each network interface one on UDP port 427, which hears
 * unicast, the SLP multicast group and broadcasts (RFC 2608 §6.1), and one on TCP (§6.2). All are
 * on one thread.
 */
public final class SlpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SlpServer.class);
  private static final int PORT = 427;
  private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");
  private static final InetAddress GROUP = Inet4Address.ofLiteral("239.255.255.253");

  private final EventLoopGroup loop;
  private final SlpResponder responder;
  private final int port;
  private final List<Channel> channels = new ArrayList<>();
  private final Map<SlpNetwork, EpollDatagramChannel> multicast = new LinkedHashMap<>();

  private SlpServer(EventLoopGroup loop, SlpResponder responder, int port) {
    this.loop = loop;
    this.responder = responder;
    this.port = port;
  }

  /**
   * Starts to answer.
   *
   * @throws IOException in one line that says what to do: no epoll, no such interface, a port that
   *     is taken, no permission. Nothing is left open
   */
  public static SlpServer start(SlpSettings settings, SlpTargets targets) throws IOException {
    return start(settings, targets, PORT);
  }

  static SlpServer start(SlpSettings settings, SlpTargets targets, int port) throws IOException {
    SlpResponder responder;
    try {
      responder = new SlpResponder(settings, targets, System::nanoTime);
    } catch (SlpException e) {
      throw new IllegalArgumentException("no SLP scopes: " + settings.scopes(), e);
    }
    OnceLog once =
        new OnceLog(
            log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, System::nanoTime);
    List<NetworkInterface> interfaces = new ArrayList<>();
    for (SlpNetwork network : settings.networks()) {
      interfaces.add(InterfaceSocket.find(network.interfaceName()));
    }
    SlpServer server = new SlpServer(InterfaceSocket.newEventLoop("SLP"), responder, port);
    try {
      var connections = SlpListener.newCount();
      for (int i = 0; i < interfaces.size(); i++) {
        SlpNetwork network = settings.networks().get(i);
        server.listen(network, interfaces.get(i), new SlpHandler(responder, network, once));
        server.channels.add(SlpListener.listen(server.loop, responder, network, connections, port));
      }
      if (settings.directoryAgent()) {
        server.advertise();
      }
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /** RFC 2608 §12.2.2: at the start, and then at every beat. */
  private void advertise() {
    var _ =
        loop.scheduleAtFixedRate(
            () -> advertise(false), 0, Limits.DIRECTORY_BEAT.toSeconds(), TimeUnit.SECONDS);
  }

  private void advertise(boolean leaving) {
    multicast.forEach(
        (network, channel) ->
            responder
                .unsolicitedAdvert(network, leaving)
                .ifPresent(advert -> send(channel, advert)));
  }

  private void send(EpollDatagramChannel channel, byte[] message) {
    InetSocketAddress group = new InetSocketAddress(GROUP, port);
    var _ = channel.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(message), group));
  }

  private void listen(SlpNetwork network, NetworkInterface found, SlpHandler handler)
      throws IOException {
    EpollDatagramChannel channel =
        InterfaceSocket.open(
            loop, "SLP", network.interfaceName(), ANY, port, Limits.DATAGRAM, handler);
    channels.add(channel);
    multicast.put(network, channel);
    channel.config().setNetworkInterface(found);
    // Tells the handler what address a datagram was sent to.
    channel.config().setOption(EpollChannelOption.IP_RECVORIGDSTADDR, true);
    ChannelFuture joined = channel.joinGroup(GROUP, found, null);
    joined.awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    if (!joined.isSuccess()) {
      throw new IOException(
          "SLP cannot join the multicast group "
              + GROUP.getHostAddress()
              + " on "
              + network.interfaceName()
              + ": "
              + joined.cause()
              + "; switch SLP off in the configuration, or choose another interface",
          joined.cause());
    }
  }

  /** Closes the sockets; nothing is answered afterwards. A directory agent says that it ends. */
  @Override
  public void close() {
    loop.submit(() -> advertise(true))
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    for (Channel channel : channels) {
      channel.close().awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }
}
