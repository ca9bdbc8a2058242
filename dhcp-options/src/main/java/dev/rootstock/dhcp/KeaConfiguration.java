// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.ArrayList;
import java.util.List;

/** Our clients in the words of Kea: JSON with comments. */
final class KeaConfiguration {
  private KeaConfiguration() {}

  static String of(BootNetwork network) {
    List<String> classes = new ArrayList<>();
    classes.add(
        """
          {
            // iPXE tells itself by option 175; it need not wait for a proxy (175.176).
            "name": "ipxe",
            "test": "option[175].exists",
            "option-data": [
              { "code": 175, "csv-format": false, "data": "B00101", "always-send": true }
            ]
          }""");
    network
        .programs()
        .ifPresent(
            programs -> {
              classes.add(program("bios", "0x0000", programs.bios(), network));
              classes.add(program("uefi", "0x0007", programs.uefiX64(), network));
              classes.add(program("uefi-9", "0x0009", programs.uefiX64(), network));
            });
    List<String> reservations = new ArrayList<>();
    for (BootNetwork.Client client : network.clients()) {
      client.macs().forEach(mac -> reservations.add(reservation(client, mac)));
    }
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
            network
                .range()
                .map(
                    each ->
                        "{ \"pool\": \"%s - %s\" }"
                            .formatted(
                                ForeignServer.text(each.first()), ForeignServer.text(each.last())))
                .orElse(""),
            String.join(",\n", reservations).indent(10).stripTrailing());
  }

  private static String program(
      String name, String architecture, String file, BootNetwork network) {
    return """
    {
      "name": "%s",
      "test": "not option[175].exists and option[93].hex == %s",
      "next-server": "%s",
      "boot-file-name": "%s"
    }"""
        .formatted(name, architecture, ForeignServer.text(network.bootServer()), file);
  }

  private static String reservation(BootNetwork.Client client, HardwareAddress mac) {
    return """
    {
      "hw-address": "%s",
      %s"hostname": "%s",
      "option-data": [
        { "name": "root-path", "data": "%s" },
        { "name": "ipxe-initiator", "data": "%s" }
      ]
    }"""
        .formatted(
            mac,
            client
                .address()
                .map(address -> "\"ip-address\": \"" + ForeignServer.text(address) + "\",\n  ")
                .orElse(""),
            client.name(),
            client.rootPath(),
            client.initiator());
  }
}
