// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.ArrayList;
import java.util.List;

/** Our clients in the words of dnsmasq(8). */
final class DnsmasqConfiguration {
  private DnsmasqConfiguration() {}

  static String of(BootNetwork network) {
    List<String> lines = new ArrayList<>();
    lines.add("# Rootstock's clients, for dnsmasq 2.80 or newer: a file in /etc/dnsmasq.d");
    lines.add("interface=" + network.interfaceName());
    lines.add("# Leases; clients that are named below keep one address for ever.");
    lines.add(
        "dhcp-range=%s,%s,%s"
            .formatted(
                network
                    .range()
                    .map(each -> ForeignServer.text(each.first()))
                    .orElse(ForeignServer.text(network.address())),
                network.range().map(each -> ForeignServer.text(each.last())).orElse("static"),
                network.netmask() + (network.range().isPresent() ? ",1h" : ",infinite")));
    lines.add("# Option 3 makes Windows send all of its disk's traffic to the router.");
    lines.add(
        network
            .router()
            .map(router -> "dhcp-option=option:router," + ForeignServer.text(router))
            .orElse("dhcp-option=option:router"));
    lines.add("# iPXE tells itself by option 175; it need not wait for a proxy (175.176).");
    lines.add("dhcp-match=set:ipxe,175");
    lines.add("dhcp-option-force=tag:ipxe,encap:175,176,1b");
    network
        .programs()
        .ifPresent(
            programs -> {
              lines.add("# Firmware without iPXE loads it from Rootstock first.");
              lines.add("dhcp-match=set:bios,option:client-arch,0");
              lines.add("dhcp-match=set:uefi,option:client-arch,7");
              lines.add("dhcp-match=set:uefi,option:client-arch,9");
              String server = ",," + ForeignServer.text(network.bootServer());
              lines.add("dhcp-boot=tag:bios,tag:!ipxe," + programs.bios() + server);
              lines.add("dhcp-boot=tag:uefi,tag:!ipxe," + programs.uefiX64() + server);
            });
    for (BootNetwork.Client client : network.clients()) {
      String tag = "rootstock-" + client.name();
      lines.add("# " + client.name());
      // All cards in one line: one address twice would be an error.
      lines.add(
          "dhcp-host=%s,set:%s%s,%s,infinite"
              .formatted(
                  String.join(",", client.macs().stream().map(HardwareAddress::toString).toList()),
                  tag,
                  client.address().map(address -> "," + ForeignServer.text(address)).orElse(""),
                  client.name()));
      lines.add("dhcp-option=tag:%s,option:root-path,%s".formatted(tag, client.rootPath()));
      lines.add("dhcp-option=tag:%s,203,%s".formatted(tag, client.initiator()));
    }
    return String.join("\n", lines) + "\n";
  }
}
