// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.dhcp.DhcpClient;
import dev.rootstock.boot.dhcp.DhcpClients;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.slp.SlpTarget;
import dev.rootstock.boot.slp.SlpTargets;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * What DHCP and SLP tell about clients, out of the registry. Nothing here waits.
 *
 * @param server the literal address of the target
 * @param port its port
 */
record BootDirectory(Registry registry, Identities identities, InetAddress server, int port)
    implements DhcpClients, SlpTargets {
  /** RFC 7143 §11.12.9: all portals are of one group. */
  private static final int PORTAL_GROUP = 1;

  @Override
  public Optional<DhcpClient> find(HardwareAddress chaddr) {
    return mac(chaddr).flatMap(registry::byMac).map(this::dhcpClient);
  }

  @Override
  public boolean isTaken(Inet4Address address) {
    return registry.byAddress(address).isPresent();
  }

  @Override
  public CompletionStage<?> remember(String client, Inet4Address address) {
    return registry.update(new ClientName(client), now -> now.withLease(address));
  }

  /**
   * The disk of the machine at that address first, lest it is cut off; then those that are open to
   * all, up to {@link Limits#OPEN_CLIENTS_TOLD}.
   */
  @Override
  public List<SlpTarget> visibleTo(Inet4Address source) {
    return Stream.concat(
            registry.byAddress(source).filter(r -> source.equals(r.address())).stream(),
            registry.open(Limits.OPEN_CLIENTS_TOLD).stream())
        .distinct()
        .map(r -> target(r.client()))
        .toList();
  }

  private SlpTarget target(Client client) {
    return new SlpTarget(
        new IscsiName(identities.target(client.name())), ServerName.of(server), port, PORTAL_GROUP);
  }

  private DhcpClient dhcpClient(Registration registration) {
    ClientName name = registration.client().name();
    return new DhcpClient(
        name.value(),
        Optional.ofNullable(registration.client().address()),
        Optional.ofNullable(registration.lease()),
        registration.boot() != null,
        rootPath(name),
        Optional.of(new IscsiName(identities.initiator(name).value())));
  }

  /** Empty where a new 'server' or prefix made it too long, which the start has warned of. */
  Optional<RootPath> rootPath(ClientName name) {
    IscsiName target = new IscsiName(identities.target(name));
    try {
      return Optional.of(RootPath.of(ServerName.of(server), port, Lun.ZERO, target));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<MacAddress> mac(HardwareAddress chaddr) {
    byte[] bytes = chaddr.bytes();
    if (chaddr.type() != HardwareAddress.ETHERNET || bytes.length != MacAddress.BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(MacAddress.of(bytes));
    } catch (InvalidClientException e) {
      // A group address is nobody's.
      return Optional.empty();
    }
  }
}
