// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import dev.rootstock.dhcp.BootNetwork.Mark;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Our clients in the words of Kea: JSON with comments. Cards are reservations; what else a client
 * is known by is a class, for which Kea needs no hook. A class has an address by a pool of its own.
 */
final class KeaConfiguration {
  /** All who are known by a key of their machine; a place counts for nobody else. */
  private static final String MACHINES = "rootstock-machines";

  /** Whoever has no pool of his own. */
  private static final String OTHERS = "rootstock-others";

  private final BootNetwork network;
  private final List<String> classes = new ArrayList<>();
  private final List<String> pools = new ArrayList<>();
  private final List<Inet4Address> taken = new ArrayList<>();

  /** The classes that have the whole of option 175. */
  private final List<String> hinted = new ArrayList<>();

  /** The classes that have a pool of their own. */
  private final List<String> housed = new ArrayList<>();

  private KeaConfiguration(BootNetwork network) {
    this.network = network;
  }

  static String of(BootNetwork network) {
    return new KeaConfiguration(network).text();
  }

  private String text() {
    network.programs().ifPresent(this::programs);
    machines();
    places();
    pools();
    ipxe();
    return """
    // Rootstock's clients, for Kea 2.2 or newer: kea-dhcp4.conf
    {
      "Dhcp4": {
        "interfaces-config": { "interfaces": [ "%s" ] },
        "lease-database": { "type": "memfile", "persist": true },
        "valid-lifetime": 3600,
        // A machine with two cards has one address.
        "ip-reservations-unique": false,
        "option-def": [
          // The name that iPXE's initiator takes.
          { "name": "ipxe-initiator", "code": 203, "type": "string" }
        ],
        "client-classes": [
    %s
        ],
        "subnet4": [
          {
            "id": 1,
            "subnet": "%s/%d",
            "interface": "%s",
            // Option 3 makes Windows send all of its disk's traffic to the router.
            "option-data": [ %s ],
            "pools": [ %s ],
            "reservations": [
    %s
            ]
          }
        ]
      }
    }
    """
        .formatted(
            network.interfaceName(),
            String.join(",\n", classes).indent(6).stripTrailing(),
            ForeignServer.text(network.address()),
            network.prefixLength(),
            network.interfaceName(),
            network
                .router()
                .map(
                    router ->
                        "{ \"name\": \"routers\", \"data\": \""
                            + ForeignServer.text(router)
                            + "\" }")
                .orElse(""),
            String.join(", ", pools),
            reservations().indent(10).stripTrailing());
  }

  private static String comments(List<String> remarks) {
    StringBuilder lines = new StringBuilder();
    remarks.forEach(remark -> lines.append("// ").append(remark).append('\n'));
    return lines.toString();
  }

  // ---- programs for firmware ----

  /** Behind the classes that it looks at: two of one packet's may not have one option. */
  private void ipxe() {
    String others =
        hinted.isEmpty()
            ? ""
            : hinted.stream()
                .map("member('%s')"::formatted)
                .collect(Collectors.joining(" or ", " and not (", ")"));
    classes.add(
        """
        {
          // iPXE tells itself by option 175; it need not wait for a proxy (175.176).
          "name": "ipxe",
          "test": "option[175].exists%s",
          "option-data": [
            { "code": 175, "csv-format": false, "data": "B00101", "always-send": true }
          ]
        }\
        """
            .formatted(others));
  }

  private void programs(BootNetwork.Programs programs) {
    program("bios", "0x0000", programs.bios());
    program("uefi", "0x0007", programs.uefiX64());
    program("uefi-9", "0x0009", programs.uefiX64());
    programs.uefiArm64().ifPresent(file -> program("uefi-arm64", "0x000b", file));
    network.httpBoots().forEach(this::httpBoot);
  }

  /** UEFI's HTTP boot takes nothing from a server that does not call itself what it is. */
  private void httpBoot(BootNetwork.HttpBoot boot) {
    classes.add(
        """
        {
          "name": "%s",
          "test": "not option[175].exists and option[93].hex == 0x%04x",
          "option-data": [
            { "name": "vendor-class-identifier", "data": "%s", "always-send": true },
            { "name": "boot-file-name", "data": "%s", "always-send": true }
          ]
        }\
        """
            .formatted(
                boot.name(), boot.architecture().code(), ForeignServer.HTTP_CLIENT, boot.url()));
  }

  private void program(String name, String architecture, String file) {
    classes.add(
        """
        {
          "name": "%s",
          "test": "not option[175].exists and option[93].hex == %s",
          "next-server": "%s",
          "boot-file-name": "%s"
        }\
        """
            .formatted(name, architecture, ForeignServer.text(network.bootServer()), file));
  }

  // ---- clients by their cards ----

  private String reservations() {
    List<String> reservations = new ArrayList<>();
    for (BootNetwork.Client client : network.clients()) {
      // What has no entry of its own has its remarks before the next one's.
      String remarks = comments(remarks(client));
      if (client.macs().isEmpty() && !remarks.isEmpty()) {
        reservations.add("// " + client.name() + "\n" + remarks.stripTrailing());
      }
      boolean first = true;
      for (HardwareAddress mac : client.macs()) {
        reservations.add((first ? remarks : "") + reservation(client, mac));
        first = false;
      }
    }
    return separated(reservations);
  }

  /** With commas between what is no comment. */
  private static String separated(List<String> entries) {
    StringBuilder text = new StringBuilder();
    boolean open = false;
    for (String entry : entries) {
      boolean comment = !entry.endsWith("}");
      if (!comment && open) {
        text.insert(text.lastIndexOf("}") + 1, ",");
      }
      text.append(text.isEmpty() ? "" : "\n").append(entry);
      open |= !comment;
    }
    return text.toString();
  }

  private List<String> remarks(BootNetwork.Client client) {
    Stream<String> elsewhere =
        client.places().stream()
            .filter(place -> !network.contains(place.relay()))
            .map(place -> ForeignServer.elsewhere(place.relay()));
    return Stream.concat(client.remarks().stream(), elsewhere).toList();
  }

  private static String reservation(BootNetwork.Client client, HardwareAddress mac) {
    return """
    {
      "hw-address": "%s",
      %s"hostname": "%s",
      "option-data": [
        { "name": "root-path", "data": "%s" },
        { "name": "ipxe-initiator", "data": "%s" }%s
      ]
    }\
    """
        .formatted(
            mac,
            client
                .address()
                .map(address -> "\"ip-address\": \"" + ForeignServer.text(address) + "\",\n  ")
                .orElse(""),
            client.name(),
            client.rootPath(),
            client.initiator(),
            hints(client));
  }

  /** The whole of option 175: iPXE keeps the disk (8), and does not boot from it (9). */
  private static String hints(BootNetwork.Client client) {
    return client.install()
        ? ",\n    { \"code\": 175, \"csv-format\": false, \"data\": \"080101090101B00101\" }"
        : "";
  }

  // ---- clients by what else they are known by ----

  private void machines() {
    for (BootNetwork.Client client : network.clients()) {
      List<String> tests = client.own().stream().map(KeaConfiguration::test).toList();
      if (!tests.isEmpty()) {
        client(client, "rootstock-" + client.name(), String.join(" or ", tests));
      }
    }
  }

  private void places() {
    List<String> known = new ArrayList<>();
    known.add("not member('KNOWN')");
    List<String> machines =
        network.clients().stream()
            .filter(client -> !client.own().isEmpty())
            .map(client -> "member('rootstock-%s')".formatted(client.name()))
            .toList();
    boolean any = network.clients().stream().anyMatch(client -> !here(client).isEmpty());
    if (any && !machines.isEmpty()) {
      classes.add(
          """
          {
            "name": "%s",
            "test": "%s"
          }\
          """
              .formatted(MACHINES, String.join(" or ", machines)));
      known.add("not member('%s')".formatted(MACHINES));
    }
    for (BootNetwork.Client client : network.clients()) {
      List<String> tests =
          here(client).stream().map(KeaConfiguration::test).map("(%s)"::formatted).toList();
      if (!tests.isEmpty()) {
        client(
            client,
            "rootstock-%s-place".formatted(client.name()),
            "%s and (%s)".formatted(String.join(" and ", known), String.join(" or ", tests)));
      }
    }
  }

  /** The places that packets of this network may come from. */
  private List<Mark.Place> here(BootNetwork.Client client) {
    return client.places().stream().filter(place -> network.contains(place.relay())).toList();
  }

  private static String test(Mark mark) {
    return switch (mark) {
      case Mark.Machine machine ->
          String.join(
              " or ",
              ForeignServer.machineIds(machine.uuid()).stream()
                  .map("option[97].hex == 0x%s"::formatted)
                  .toList());
      case Mark.Initiator initiator -> "option[203].hex == '%s'".formatted(initiator.name());
      case Mark.Place(Inet4Address relay, Optional<String> circuit, Optional<String> remote) ->
          "pkt4.giaddr == "
              + ForeignServer.text(relay)
              + circuit.map(" and relay4[1].hex == 0x%s"::formatted).orElse("")
              + remote.map(" and relay4[2].hex == 0x%s"::formatted).orElse("");
    };
  }

  private void client(BootNetwork.Client client, String name, String test) {
    if (client.install()) {
      hinted.add(name);
    }
    classes.add(
        """
        {
          "name": "%s",
          "test": "%s",
          "option-data": [
            { "name": "host-name", "data": "%s" },
            { "name": "root-path", "data": "%s" },
            { "name": "ipxe-initiator", "data": "%s" }%s
          ]
        }\
        """
            .formatted(
                name, test, client.name(), client.rootPath(), client.initiator(), hints(client)));
    client
        .address()
        .ifPresent(
            address -> {
              housed.add(name);
              if (!taken.contains(address)) {
                pools.add(pool(address, address, name));
                taken.add(address);
              }
            });
  }

  // ---- addresses ----

  private void pools() {
    if (!housed.isEmpty() && network.range().isPresent()) {
      List<String> own = housed.stream().map("member('%s')"::formatted).toList();
      classes.add(
          """
          {
            "name": "%s",
            "test": "not (%s)"
          }\
          """
              .formatted(OTHERS, String.join(" or ", own)));
    }
    for (BootNetwork.Range each : network.rangesBeside(taken)) {
      pools.add(
          taken.isEmpty()
              ? "{ \"pool\": \"%s - %s\" }"
                  .formatted(ForeignServer.text(each.first()), ForeignServer.text(each.last()))
              : pool(each.first(), each.last(), OTHERS));
    }
  }

  private static String pool(Inet4Address first, Inet4Address last, String name) {
    return "{ \"pool\": \"%s - %s\", \"client-class\": \"%s\" }"
        .formatted(ForeignServer.text(first), ForeignServer.text(last), name);
  }
}
