// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.dhcp.BootNetwork;
import dev.rootstock.dhcp.BootNetwork.Mark;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Our clients as another DHCP server is to know them, and what it cannot do for each. */
final class ForeignClients {
  private final Installation installation;
  private final BootNetwork network;

  ForeignClients(Installation installation, BootNetwork network) {
    this.installation = installation;
    this.network = network;
  }

  /** All of them, in the registry's order. */
  List<BootNetwork.Client> all() {
    return installation.registry().all().stream().map(this::client).toList();
  }

  private BootNetwork.Client client(Registration registration) {
    Client client = registration.client();
    Identities identities = installation.identities();
    int port = installation.configuration().iscsi().listen().getFirst().address().getPort();
    Optional<Inet4Address> address = Optional.ofNullable(registration.address());
    boolean elsewhere = address.filter(each -> !network.contains(each)).isPresent();
    List<HardwareAddress> macs =
        elsewhere
            ? List.of()
            : registration.cards().stream()
                .map(mac -> HardwareAddress.ethernet(mac.toString()))
                .toList();
    List<Mark> marks = elsewhere ? List.of() : marks(client);
    return new BootNetwork.Client(
        client.name().value(),
        macs,
        marks,
        address.filter(each -> !elsewhere),
        RootPath.of(
            ServerName.of(network.bootServer()),
            port == 0 ? RootPath.DEFAULT_PORT : port,
            Lun.ZERO,
            new IscsiName(identities.target(client.name()))),
        new IscsiName(identities.told(client).value()),
        client.install(),
        elsewhere
            ? List.of(
                "left out: its address %s is of another network: print that with --network"
                    .formatted(address.get().getHostAddress()))
            : remarks(registration, macs.isEmpty() && marks.isEmpty()));
  }

  private static List<Mark> marks(Client client) {
    List<Mark> marks = new ArrayList<>();
    if (client.uuid() != null) {
      marks.add(new Mark.Machine(client.uuid()));
    }
    client.initiators().forEach(name -> marks.add(new Mark.Initiator(new IscsiName(name.value()))));
    client
        .keys()
        .circuits()
        .forEach(
            place ->
                marks.add(
                    new Mark.Place(place.relay(), told(place.circuit()), told(place.remote()))));
    return marks;
  }

  private static Optional<String> told(String identifier) {
    return Optional.of(identifier).filter(each -> !each.isEmpty());
  }

  private List<String> remarks(Registration registration, boolean unknown) {
    Client client = registration.client();
    List<String> remarks = new ArrayList<>();
    if (unknown) {
      remarks.add(
          "left out: nothing says which machine it is; 'rootstock client set %s --mac CARD' does"
              .formatted(client.name()));
      return remarks;
    }
    boolean system = client.uuid() != null || !client.initiators().isEmpty();
    if (system && registration.cards().isEmpty() && registration.address() != null) {
      remarks.add(
          "give it its card too (--mac): a system that asks again tells no UUID and no initiator"
              + " name, and gets another address than %s"
                  .formatted(registration.address().getHostAddress()));
    }
    Chap chap = registration.chap();
    if (chap != null && installation.configuration().iscsi().chap() != ChapMode.NONE) {
      remarks.add(
          chap.next() != null
              ? "its secrets are made anew for each boot, and no server but Rootstock's own, or its"
                  + " proxy beside this one (dhcp.mode: proxy), can tell them"
              : "it has to prove itself by CHAP and no secret is printed: add 175.190 and 175.191,"
                  + " or let Rootstock's proxy beside this server tell them (dhcp.mode: proxy)");
    }
    if (!client.menu().isEmpty()) {
      remarks.add(
          "its menu of images comes by Rootstock's script only; here it boots " + client.image());
    }
    if (client.secureBoot() && network.programs().isPresent()) {
      remarks.add("its Secure Boot takes none of the programs above: name a signed one for it");
    }
    return remarks;
  }
}
