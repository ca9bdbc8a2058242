// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.ArrayList;
import java.util.List;

/** Our clients in the words of dhcpd.conf(5). */
final class IscConfiguration {
  private IscConfiguration() {}

  static String of(BootNetwork network) {
    List<String> lines = new ArrayList<>();
    lines.add("# Rootstock's clients, for ISC dhcpd 4.3 or newer: dhcpd.conf");
    lines.add("option space ipxe;");
    lines.add("option ipxe-encapsulated code 175 = encapsulate ipxe;");
    lines.add("option ipxe.no-pxedhcp code 176 = unsigned integer 8;");
    lines.add("option ipxe-initiator code 203 = text;");
    lines.add("option client-architecture code 93 = unsigned integer 16;");
    lines.add("default-lease-time 3600;");
    lines.add("# iPXE need not wait for a proxy.");
    lines.add("option ipxe.no-pxedhcp 1;");
    lines.add(
        "subnet %s netmask %s {"
            .formatted(ForeignServer.text(network.address()), network.netmask()));
    network
        .range()
        .ifPresent(
            each ->
                lines.add(
                    "  range %s %s;"
                        .formatted(
                            ForeignServer.text(each.first()), ForeignServer.text(each.last()))));
    lines.add("  # Option 3 makes Windows send all of its disk's traffic to the router.");
    network
        .router()
        .ifPresent(router -> lines.add("  option routers " + ForeignServer.text(router) + ";"));
    network
        .programs()
        .ifPresent(
            programs -> {
              lines.add("  # Firmware without iPXE loads it from Rootstock first.");
              lines.add("  next-server " + ForeignServer.text(network.bootServer()) + ";");
              lines.add("  if not exists ipxe-encapsulated {");
              lines.add("    if option client-architecture = 00:00 {");
              lines.add("      filename \"" + programs.bios() + "\";");
              lines.add(
                  "    } elsif option client-architecture = 00:07 or option client-architecture = 00:09 {");
              lines.add("      filename \"" + programs.uefiX64() + "\";");
              lines.add("    }");
              lines.add("  }");
            });
    lines.add("}");
    for (BootNetwork.Client client : network.clients()) {
      int card = 0;
      for (HardwareAddress mac : client.macs()) {
        card++;
        lines.add("host %s {".formatted(client.name() + (card == 1 ? "" : "-card" + card)));
        lines.add("  hardware ethernet " + mac + ";");
        client
            .address()
            .ifPresent(each -> lines.add("  fixed-address " + ForeignServer.text(each) + ";"));
        lines.add("  option host-name \"" + client.name() + "\";");
        lines.add("  option root-path \"" + client.rootPath() + "\";");
        lines.add("  option ipxe-initiator \"" + client.initiator() + "\";");
        lines.add("}");
      }
    }
    return String.join("\n", lines) + "\n";
  }
}
