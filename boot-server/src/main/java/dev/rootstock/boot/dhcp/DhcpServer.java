// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.boot.net.OnceLog;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DHCP server on its sockets: one a network interface, on UDP port 67, all on one thread, so
 * that {@link DhcpResponder} needs no locks.
 */
public final class DhcpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DhcpServer.class);
  private static final int PORT = 67;

  private final EventLoopGroup loop;
  private final List<Channel> channels = new ArrayList<>();
  private final Traffic traffic = new Traffic();

  /** Counted on the server's thread and read on any. */
  static final class Traffic {
    final LongAdder received = new LongAdder();
    final LongAdder malformed = new LongAdder();
    final LongAdder answered = new LongAdder();
  }

  private DhcpServer(EventLoopGroup loop) {
    this.loop = loop;
  }

  /**
   * Starts to serve.
   *
   * @throws IOException in one line that says what to do: no epoll, no such interface, an address
   *     that the interface does not have, a port that is taken, no permission. Nothing is left open
   */
  public static DhcpServer start(DhcpSetup setup, DhcpClients clients, DiscoverListener listener)
      throws IOException {
    return start(setup, clients, listener, PORT);
  }

  static DhcpServer start(DhcpSetup setup, DhcpClients clients, DiscoverListener listener, int port)
      throws IOException {
    check(setup.subnets());
    DhcpServer server = new DhcpServer(InterfaceSocket.newEventLoop("DHCP"));
    OnceLog once =
        new OnceLog(
            log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, System::nanoTime);
    Responder responder =
        setup.proxy()
            ? new ProxyResponder(clients, listener, setup.programs(), once, System::nanoTime)
            : new DhcpResponder(
                setup.subnets(), clients, listener, setup.programs(), once, System::nanoTime);
    try {
      for (DhcpSubnet subnet : setup.subnets()) {
        server.listen(subnet, port, responder, once);
        if (setup.proxy()) {
          server.listen(subnet, ProxyResponder.PORT, responder, once);
        }
      }
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void listen(DhcpSubnet subnet, int port, Responder responder, OnceLog once)
      throws IOException {
    // The wildcard address: a broadcast does not reach a socket that is bound to one address.
    channels.add(
        InterfaceSocket.open(
            loop,
            "DHCP",
            subnet.interfaceName(),
            AddressRange.address(0),
            port,
            Limits.DATAGRAM,
            new DhcpHandler(responder, subnet, port, traffic, once)));
  }

  public DhcpCounters counters() {
    return new DhcpCounters(
        traffic.received.sum(), traffic.malformed.sum(), traffic.answered.sum());
  }

  /** Closes the sockets; no packet is answered afterwards. */
  @Override
  public void close() {
    for (Channel channel : channels) {
      channel.close().awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdownGracefully(0, Limits.SOCKET_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(Limits.SOCKET_SECONDS, TimeUnit.SECONDS);
  }

  private static void check(List<DhcpSubnet> subnets) throws IOException {
    if (subnets.isEmpty()) {
      throw new IllegalArgumentException("DHCP without a network to serve");
    }
    Set<String> names = new HashSet<>();
    for (DhcpSubnet subnet : subnets) {
      if (!names.add(subnet.interfaceName())) {
        throw new IllegalArgumentException(
            "DHCP serves one network an interface, and " + subnet.interfaceName() + " has two");
      }
      NetworkInterface found = InterfaceSocket.find(subnet.interfaceName());
      if (found.getInterfaceAddresses().stream()
          .map(InterfaceAddress::getAddress)
          .noneMatch(subnet.serverAddress()::equals)) {
        throw new IOException(
            "the network interface "
                + subnet.interfaceName()
                + " does not have the address "
                + subnet.serverAddress().getHostAddress()
                + ", which clients are to know us by: it has "
                + addresses(found));
      }
    }
  }

  private static String addresses(NetworkInterface found) {
    List<String> addresses =
        found.getInterfaceAddresses().stream()
            .map(InterfaceAddress::getAddress)
            .filter(Inet4Address.class::isInstance)
            .map(each -> each.getHostAddress())
            .toList();
    return addresses.isEmpty() ? "no IPv4 address" : String.join(", ", addresses);
  }
}
