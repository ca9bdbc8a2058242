// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.MachineFacts;
import dev.rootstock.boot.clients.Recognition;
import dev.rootstock.boot.clients.Recognition.Found;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.RelayCircuit;
import dev.rootstock.boot.dhcp.DhcpClient;
import dev.rootstock.boot.dhcp.DhcpClients;
import dev.rootstock.boot.dhcp.MachineKeys;
import dev.rootstock.boot.dhcp.Recognised;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.script.Lookup;
import dev.rootstock.boot.script.ScriptClient;
import dev.rootstock.boot.script.ScriptClients;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What DHCP tells about clients, out of the registry. Nothing here waits.
 *
 * @param portals where the target is, with literal addresses; the one that DHCP tells first
 */
record BootDirectory(Registry registry, Identities identities, List<InetSocketAddress> portals)
    implements DhcpClients, ScriptClients {
  BootDirectory {
    portals = List.copyOf(portals);
  }

  /** The address that clients are told. */
  InetAddress server() {
    return portals.getFirst().getAddress();
  }

  @Override
  public Recognised recognise(MachineKeys keys) {
    return switch (Recognition.of(facts(keys), registry)) {
      case Found.Known known -> new Recognised.Known(dhcpClient(known.client()));
      case Found.Disputed disputed -> new Recognised.Disputed(disputed.reason());
      case Found.Stranger ignored -> new Recognised.Stranger();
    };
  }

  /** What a packet tells, in the registry's words. */
  static MachineFacts facts(MachineKeys keys) {
    return new MachineFacts(
        mac(keys.chaddr()),
        keys.uuid(),
        keys.initiatorName().map(name -> new InitiatorName(name.value())),
        keys.relay()
            .flatMap(
                relay -> RelayCircuit.of(relay.address(), relay.circuitId(), relay.remoteId())));
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

  /** The client whose address that is. */
  Optional<String> clientAt(InetAddress address) {
    return address instanceof Inet4Address ipv4
        ? registry.byAddress(ipv4).map(found -> found.client().name().value())
        : Optional.empty();
  }

  @Override
  public boolean isTaken(Inet4Address address) {
    return registry.byAddress(address).isPresent();
  }

  @Override
  public CompletionStage<?> remember(DhcpClient client, Inet4Address address) {
    return registry.update(new ClientName(client.name()), now -> leased(now, client, address));
  }

  /**
   * The address was chosen for the client as it was then. If it has booted since, its disk is bound
   * to the address that it has.
   */
  private static Registration leased(Registration now, DhcpClient then, Inet4Address address) {
    boolean same =
        Optional.ofNullable(now.client().address()).equals(then.configuredAddress())
            && Optional.ofNullable(now.lease()).equals(then.rememberedAddress())
            && (now.boot() != null) == then.booted();
    if (!same) {
      throw new InvalidClientException(
          "client '%s' has changed meanwhile: it asks again".formatted(then.name()));
    }
    return now.withLease(address);
  }

  @Override
  public Optional<ScriptClient> byName(String name) {
    return parsed(name, ClientName::new).flatMap(registry::find).map(this::scriptClient);
  }

  @Override
  public Lookup byMachine(Optional<String> mac, Optional<String> uuid) {
    MachineFacts said =
        new MachineFacts(
            mac.flatMap(text -> parsed(text, MacAddress::parse)),
            uuid.flatMap(text -> parsed(text, UUID::fromString)),
            Optional.empty(),
            Optional.empty());
    return switch (Recognition.of(said, registry)) {
      case Found.Known known -> new Lookup.Known(scriptClient(known.client()));
      case Found.Disputed disputed -> new Lookup.Disputed(disputed.reason());
      case Found.Stranger ignored -> new Lookup.Stranger();
    };
  }

  private static <T> Optional<T> parsed(String text, Function<String, T> parse) {
    try {
      return Optional.of(parse.apply(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // whatever it is, it is no client's
    }
  }

  private ScriptClient scriptClient(Registration registration) {
    ClientName name = registration.client().name();
    List<ScriptClient.Disk> disks =
        registration.client().luns().stream().map(lun -> disk(name, lun)).toList();
    return new ScriptClient(
        name.value(),
        new IscsiName(identities.told(registration.client()).value()),
        disks,
        Optional.ofNullable(registration.address()),
        secrets(registration.chap()),
        disks.getFirst().paths().isEmpty()
            ? Optional.of("its root path is longer than 255 bytes. A shorter name prefix helps")
            : Optional.empty(),
        menu(registration.client()),
        registration.client().install());
  }

  private static Optional<ScriptClient.Menu> menu(Client client) {
    return client.menu().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ScriptClient.Menu(
                client.menu().stream().map(ImageReference::toString).toList(),
                client.image().toString()));
  }

  private ScriptClient.Disk disk(ClientName name, int lun) {
    return new ScriptClient.Disk(
        portals.stream().flatMap(portal -> rootPath(name, portal, lun).stream()).toList());
  }

  private static Optional<ScriptClient.Secrets> secrets(@Nullable Chap chap) {
    if (chap == null || !chap.handOut()) {
      return Optional.empty();
    }
    return Optional.of(
        new ScriptClient.Secrets(
            account(chap.handed().client()),
            Optional.ofNullable(chap.handed().target()).map(BootDirectory::account)));
  }

  private static ScriptClient.Account account(Chap.Pair pair) {
    return new ScriptClient.Account(pair.user(), pair.secret().text());
  }

  private DhcpClient dhcpClient(Registration registration) {
    ClientName name = registration.client().name();
    return new DhcpClient(
        name.value(),
        Optional.ofNullable(registration.client().address()),
        Optional.ofNullable(registration.lease()),
        registration.boot() != null,
        rootPath(name),
        Optional.of(new IscsiName(identities.told(registration.client()).value())),
        ipxe(registration.client().install(), registration.chap()),
        registration.client().secureBoot());
  }

  /** With the client's secrets, where its administrator has said that they are handed out. */
  private static IpxeOptions ipxe(boolean install, @Nullable Chap chap) {
    IpxeOptions hints = install ? DhcpClient.INSTALL_HINTS : DhcpClient.HINTS;
    if (chap == null || !chap.handOut()) {
      return hints;
    }
    IpxeOptions options =
        hints
            .with(IpxeOptions.USERNAME, chap.handed().client().user())
            .with(IpxeOptions.PASSWORD, chap.handed().client().secret().text());
    Chap.Pair target = chap.handed().target();
    return target == null
        ? options
        : options
            .with(IpxeOptions.REVERSE_USERNAME, target.user())
            .with(IpxeOptions.REVERSE_PASSWORD, target.secret().text());
  }

  /** Empty where a new 'server' or prefix made it too long, which the start has warned of. */
  Optional<RootPath> rootPath(ClientName name) {
    return rootPath(name, portals.getFirst(), 0);
  }

  private Optional<RootPath> rootPath(ClientName name, InetSocketAddress portal, int lun) {
    IscsiName target = new IscsiName(identities.target(name));
    try {
      return Optional.of(
          RootPath.of(
              ServerName.of(portal.getAddress()), portal.getPort(), Lun.ofNumber(lun), target));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
