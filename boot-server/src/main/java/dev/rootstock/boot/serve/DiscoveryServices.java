// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.boot.isns.IsnsServer;
import dev.rootstock.boot.isns.IsnsSettings;
import dev.rootstock.boot.slp.DirectoryBoots;
import dev.rootstock.boot.slp.SlpNetwork;
import dev.rootstock.boot.slp.SlpServer;
import dev.rootstock.boot.slp.SlpSettings;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.IsnsServers;
import dev.rootstock.dhcp.SlpDirectoryAgents;
import dev.rootstock.dhcp.SlpScopes;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How machines find disks that nobody told them of: SLP and iSNS. */
final class DiscoveryServices implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DiscoveryServices.class);
  private static final int SLP_PORT = 427;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final List<String> ready = new ArrayList<>();

  private DiscoveryServices() {}

  /** Starts what is configured; nothing runs on where one part fails. */
  static DiscoveryServices start(
      Configuration configuration, List<SlpNetwork> networks, TargetDirectory targets)
      throws IOException {
    DiscoveryServices services = new DiscoveryServices();
    try {
      Optional<InetSocketAddress> isns = services.isns(configuration, targets);
      services.slp(configuration, networks, isns, targets);
      return services;
    } catch (IOException | RuntimeException e) {
      services.close();
      throw e;
    }
  }

  /** Returns where clients find it. */
  private Optional<InetSocketAddress> isns(Configuration configuration, TargetDirectory targets)
      throws IOException {
    if (!(configuration.isns() instanceof Isns.Server isns)) {
      return Optional.empty();
    }
    InetSocketAddress told =
        new InetSocketAddress(targets.portals().getFirst().address().getAddress(), IsnsServer.PORT);
    IsnsServer server =
        IsnsServer.start(
            new IsnsSettings(
                isns.listen() == null ? told : isns.listen(),
                targets.portals(),
                targets.identities().prefix()),
            targets);
    running.push(server);
    ready.add(Server.readyLine("isns", server.address()));
    return Optional.of(
        server.address().getAddress().isAnyLocalAddress()
            ? new InetSocketAddress(told.getAddress(), server.address().getPort())
            : server.address());
  }

  private void slp(
      Configuration configuration,
      List<SlpNetwork> networks,
      Optional<InetSocketAddress> isns,
      TargetDirectory targets)
      throws IOException {
    if (configuration.slp() instanceof Slp.Agent agent) {
      running.push(
          SlpServer.start(
              new SlpSettings(
                  networks,
                  agent.scopes(),
                  agent.directoryAgent(),
                  isns,
                  agent.registering(),
                  agent.directories()),
              targets,
              agent.directoryAgent()
                  ? DirectoryBoots.next(configuration.data(), Instant.now())
                  : Instant.now()));
      networks.forEach(
          each ->
              ready.add(Server.readyLine("slp", new InetSocketAddress(each.address(), SLP_PORT))));
    }
  }

  /**
   * What DHCP tells of these services to clients that ask (RFC 2610, RFC 4174). Option 83 names no
   * port, so an iSNS server at another one is not told of.
   *
   * @param ours our address where DHCP is served
   */
  static DhcpOptions dhcpOptions(
      Configuration configuration, String interfaceName, Inet4Address ours) {
    DhcpOptions.Builder options = DhcpOptions.builder();
    if (configuration.slp() instanceof Slp.Agent agent
        && (agent.networkInterface() == null || interfaceName.equals(agent.networkInterface()))) {
      options.put(DhcpOption.SLP_SCOPES, new SlpScopes(false, String.join(",", agent.scopes())));
      if (agent.directoryAgent()) {
        options.put(DhcpOption.SLP_DIRECTORY_AGENTS, new SlpDirectoryAgents(false, List.of(ours)));
      }
    }
    if (configuration.isns() instanceof Isns.Server isns) {
      InetSocketAddress listen = isns.listen();
      InetAddress address =
          listen == null || listen.getAddress().isAnyLocalAddress() ? ours : listen.getAddress();
      if (address instanceof Inet4Address ipv4
          && (listen == null || listen.getPort() == IsnsServer.PORT)) {
        options.put(DhcpOption.ISNS_SERVERS, IsnsServers.of(ipv4));
      }
    }
    return options.build();
  }

  List<String> ready() {
    return List.copyOf(ready);
  }

  @Override
  public void close() {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        log.error("a discovery service did not stop in order", e);
      }
    }
  }
}
