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
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
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
  private final ForeignDirectories directories;
  private final OnceLog once;

  private SlpServer(
      EventLoopGroup loop,
      SlpResponder responder,
      ForeignDirectories directories,
      OnceLog once,
      int port) {
    this.loop = loop;
    this.responder = responder;
    this.directories = directories;
    this.once = once;
    this.port = port;
  }

  /**
   * Starts to answer.
   *
   * @param start what a directory agent says of when it began: later than ever before
   * @throws IOException in one line that says what to do: no epoll, no such interface, a port that
   *     is taken, no permission. Nothing is left open
   */
  public static SlpServer start(SlpSettings settings, SlpTargets targets, Instant start)
      throws IOException {
    return start(settings, targets, start, PORT);
  }

  static SlpServer start(SlpSettings settings, SlpTargets targets, Instant start, int port)
      throws IOException {
    SlpResponder responder;
    ForeignDirectories directories;
    try {
      responder = new SlpResponder(settings, targets, start, System::nanoTime);
      directories =
          new ForeignDirectories(
              settings, responder.catalog(), System::nanoTime, ThreadLocalRandom.current());
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
    SlpServer server =
        new SlpServer(InterfaceSocket.newEventLoop("SLP"), responder, directories, once, port);
    try {
      var connections = SlpListener.newCount();
      for (int i = 0; i < interfaces.size(); i++) {
        SlpNetwork network = settings.networks().get(i);
        server.listen(
            network, interfaces.get(i), new SlpHandler(responder, server::heard, network, once));
        server.channels.add(SlpListener.listen(server.loop, responder, network, connections, port));
      }
      if (settings.directoryAgent()) {
        server.advertise();
      }
      if (settings.registering()) {
        long beat = Limits.REGISTRATION_BEAT.toMillis();
        var _ = server.loop.scheduleAtFixedRate(server::tell, beat, beat, TimeUnit.MILLISECONDS);
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
    send(channel, message, GROUP);
  }

  private void send(EpollDatagramChannel channel, byte[] message, InetAddress to) {
    InetSocketAddress address = new InetSocketAddress(to, port);
    var _ = channel.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(message), address));
  }

  private void heard(byte[] message, Inet4Address source, SlpNetwork network) {
    directories.take(message, source, network);
    tell();
  }

  /** Tells directory agents of others what is due; a failure must not end the beats. */
  private void tell() {
    try {
      directories.due().forEach(this::send);
    } catch (RuntimeException e) {
      once.warn("an SLP directory agent could not be told of our targets: " + e);
      log.debug("the failure", e);
    }
  }

  private void send(ForeignDirectories.Outgoing outgoing) {
    EpollDatagramChannel channel = multicast.get(outgoing.network());
    if (channel != null) {
      send(channel, outgoing.message().encode(Limits.MESSAGE), outgoing.to());
    }
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

  /**
   * Closes the sockets; nothing is answered afterwards. A directory agent says that it ends, and
   * those of others hear that our targets do.
   */
  @Override
  public void close() {
    loop.submit(
            () -> {
              directories.farewell().forEach(this::send);
              advertise(true);
            })
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    for (Channel channel : channels) {
      channel.close().awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }
}
