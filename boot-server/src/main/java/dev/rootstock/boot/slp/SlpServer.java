// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.boot.net.OnceLog;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SLP agent on its sockets: one a network interface, on UDP port 427, which hears unicast, the
 * SLP multicast group and broadcasts (RFC 2608 §6.1). All are on one thread.
 */
public final class SlpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SlpServer.class);
  private static final int PORT = 427;
  private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");
  private static final InetAddress GROUP = Inet4Address.ofLiteral("239.255.255.253");

  private final EventLoopGroup loop;
  private final List<EpollDatagramChannel> channels = new ArrayList<>();

  private SlpServer(EventLoopGroup loop) {
    this.loop = loop;
  }

  /**
   * Starts to answer.
   *
   * @param networks at least one, each of an interface of its own
   * @param scopes at least one
   * @throws IOException in one line that says what to do: no epoll, no such interface, a port that
   *     is taken, no permission. Nothing is left open
   */
  public static SlpServer start(List<SlpNetwork> networks, List<String> scopes, SlpTargets targets)
      throws IOException {
    return start(networks, scopes, targets, PORT);
  }

  static SlpServer start(
      List<SlpNetwork> networks, List<String> scopes, SlpTargets targets, int port)
      throws IOException {
    if (networks.isEmpty() || scopes.isEmpty()) {
      throw new IllegalArgumentException("SLP without a network or without a scope");
    }
    SlpResponder responder;
    try {
      responder = new SlpResponder(networks, scopes, targets, System::nanoTime);
    } catch (SlpException e) {
      throw new IllegalArgumentException("the scopes " + scopes + " are no SLP scopes", e);
    }
    OnceLog once =
        new OnceLog(
            log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, System::nanoTime);
    List<NetworkInterface> interfaces = new ArrayList<>();
    for (SlpNetwork network : networks) {
      interfaces.add(InterfaceSocket.find(network.interfaceName()));
    }
    SlpServer server = new SlpServer(InterfaceSocket.newEventLoop("SLP"));
    try {
      for (int i = 0; i < networks.size(); i++) {
        server.listen(
            networks.get(i),
            interfaces.get(i),
            port,
            new SlpHandler(responder, networks.get(i), once));
      }
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void listen(SlpNetwork network, NetworkInterface found, int port, SlpHandler handler)
      throws IOException {
    EpollDatagramChannel channel =
        InterfaceSocket.open(
            loop, "SLP", network.interfaceName(), ANY, port, Limits.DATAGRAM, handler);
    channels.add(channel);
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

  /** Closes the sockets; nothing is answered afterwards. */
  @Override
  public void close() {
    for (Channel channel : channels) {
      channel.close().awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }
}
