// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.boot.net.OnceLog;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
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
  private final List<AutoCloseable> parts = new ArrayList<>();
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
    try {
      Responder responder =
          setup.proxy()
              ? new ProxyResponder(clients, listener, setup.programs(), once, System::nanoTime)
              : server.giving(setup, clients, listener, once);
      for (DhcpSubnet subnet : links(setup.subnets())) {
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

  /** What gives addresses, with what it keeps and where it looks. */
  private DhcpResponder giving(
      DhcpSetup setup, DhcpClients clients, DiscoverListener listener, OnceLog once)
      throws IOException {
    AddressProbe probe = AddressProbe.NONE;
    if (setup.conflictCheck()) {
      probe = NetworkProbes.start(setup.subnets());
      parts.add(probe);
    }
    SubnetChoice choice = new SubnetChoice(setup.subnets());
    LongSupplier seconds = () -> System.currentTimeMillis() / 1_000;
    LeaseTable leases = new LeaseTable(seconds);
    AddressPool pool =
        new AddressPool(
            clients, leases, new ConflictCheck(probe, System::nanoTime), System::nanoTime);
    Optional<StrangerResponder> strangers = Optional.empty();
    if (setup.strangers().isPresent()) {
      LeaseLog kept = LeaseLog.open(setup.strangers().get().leases(), leases::put);
      parts.add(kept);
      strangers =
          Optional.of(
              new StrangerResponder(
                  choice,
                  pool,
                  leases,
                  kept,
                  setup.strangers().get().lease().toSeconds(),
                  once,
                  System::nanoTime,
                  seconds));
    }
    return new DhcpResponder(
        choice,
        clients,
        listener,
        setup.programs(),
        pool,
        strangers,
        setup.pathsBySubnet(),
        once,
        System::nanoTime);
  }

  /** The port that it listens at, for who started it at a free one. */
  int port() {
    return ((InetSocketAddress) channels.getFirst().localAddress()).getPort();
  }

  private static List<DhcpSubnet> links(List<DhcpSubnet> subnets) {
    return subnets.stream().filter(each -> each.behindRelay().isEmpty()).toList();
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
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception e) {
        log.error("a part of the DHCP server did not stop in order", e);
      }
    }
  }

  private static void check(List<DhcpSubnet> subnets) throws IOException {
    if (links(subnets).isEmpty()) {
      throw new IllegalArgumentException("DHCP without a network to serve");
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < subnets.size(); i++) {
      for (DhcpSubnet other : subnets.subList(0, i)) {
        if (subnets.get(i).overlaps(other)) {
          throw new IOException(
              "DHCP is to serve "
                  + other.network()
                  + " and "
                  + subnets.get(i).network()
                  + ", which overlap: from a relay agent's address one cannot tell which is meant");
        }
      }
    }
    for (DhcpSubnet subnet : links(subnets)) {
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
