// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import dev.rootstock.dhcp.BootNetwork.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Our clients in the words of dnsmasq(8). A client's tag is on its cards' and its machine's
 * packets; a place has tags of its own, which count only where no machine is known: the same order
 * as ours.
 */
final class DnsmasqConfiguration {
  /** On the packets of every machine that is known by a key of its own. */
  private static final String KNOWN = "rootstock";

  private static final String ANY_CARD = "*:*:*:*:*:*";

  private final BootNetwork network;
  private final List<String> lines = new ArrayList<>();

  private DnsmasqConfiguration(BootNetwork network) {
    this.network = network;
  }

  static String of(BootNetwork network) {
    DnsmasqConfiguration written = new DnsmasqConfiguration(network);
    written.network();
    written.programs();
    network.clients().forEach(written::client);
    return String.join("\n", written.lines) + "\n";
  }

  private void network() {
    lines.add("# Rootstock's clients, for dnsmasq 2.81 or newer: a file in /etc/dnsmasq.d");
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
  }

  private void programs() {
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
              programs
                  .uefiArm64()
                  .ifPresent(
                      file -> {
                        lines.add("dhcp-match=set:arm64,option:client-arch,11");
                        lines.add("dhcp-boot=tag:arm64,tag:!ipxe," + file + server);
                      });
              network.httpBoots().forEach(this::httpBoot);
            });
  }

  /** UEFI's HTTP boot takes nothing from a server that does not call itself what it is. */
  private void httpBoot(BootNetwork.HttpBoot boot) {
    String tags = "tag:%s,tag:!ipxe,".formatted(boot.name());
    lines.add(
        "dhcp-match=set:%s,option:client-arch,%d"
            .formatted(boot.name(), boot.architecture().code()));
    lines.add("dhcp-option-force=%s60,%s".formatted(tags, ForeignServer.HTTP_CLIENT));
    lines.add("dhcp-boot=" + tags + boot.url());
  }

  private void client(BootNetwork.Client client) {
    lines.add("# " + client.name());
    client.remarks().forEach(remark -> lines.add("# " + remark));
    String tag = "rootstock-" + client.name();
    cards(client, tag);
    boolean machine = machine(client, tag);
    if (machine || !client.macs().isEmpty()) {
      disk(client, tag);
    }
    List<String> conditions = places(client, tag);
    if (!conditions.isEmpty()) {
      String place = tag + "-place";
      conditions.forEach(each -> lines.add("tag-if=set:%s,%s".formatted(place, each)));
      disk(client, place);
    }
    if (machine) {
      conditions.add("tag:" + tag);
    }
    if (!conditions.isEmpty()) {
      anyCard(client, tag + "-any-card", conditions);
    }
  }

  private void cards(BootNetwork.Client client, String tag) {
    if (!client.macs().isEmpty()) {
      // All cards in one line: one address twice would be an error.
      lines.add(
          "dhcp-host=%s,set:%s,set:%s%s,%s,infinite"
              .formatted(
                  String.join(",", client.macs().stream().map(HardwareAddress::toString).toList()),
                  tag,
                  KNOWN,
                  client.address().map(each -> "," + ForeignServer.text(each)).orElse(""),
                  client.name()));
    }
  }

  /** Whether it is known by its machine, beside its cards. */
  private boolean machine(BootNetwork.Client client, String tag) {
    boolean known = false;
    for (Mark mark : client.own()) {
      switch (mark) {
        case Mark.Machine machine -> {
          known = true;
          for (String id : ForeignServer.machineIds(machine.uuid())) {
            lines.add("dhcp-match=set:%s,97,%s".formatted(tag, ForeignServer.colons(id)));
            lines.add("dhcp-match=set:%s,97,%s".formatted(KNOWN, ForeignServer.colons(id)));
          }
        }
        case Mark.Initiator initiator ->
            lines.add(
                "# not by its initiator name %s: dnsmasq compares the beginning of an option only"
                    .formatted(initiator.name()));
        case Mark.Place place -> throw new IllegalStateException(place.toString());
      }
    }
    return known;
  }

  /** The tags that are on the packets from each place, and on no known machine's. */
  private List<String> places(BootNetwork.Client client, String tag) {
    List<String> conditions = new ArrayList<>();
    int number = 0;
    for (Mark.Place place : client.places()) {
      number++;
      if (!network.contains(place.relay())) {
        lines.add("# " + ForeignServer.elsewhere(place.relay()));
        continue;
      }
      lines.add(
          "# dnsmasq compares the identifiers and not the relay agent, %s"
              .formatted(ForeignServer.text(place.relay())));
      List<String> tags = new ArrayList<>();
      identifier("circuit", tag + "-circuit" + number, place.circuitId(), tags);
      identifier("remote", tag + "-remote" + number, place.remoteId(), tags);
      tags.add("tag:!" + KNOWN);
      conditions.add(String.join(",", tags));
    }
    return conditions;
  }

  private void identifier(String kind, String tag, Optional<String> id, List<String> tags) {
    if (id.isPresent()) {
      // Digits without a colon would be text.
      String bytes = ForeignServer.colons(id.get()) + (id.get().length() == 2 ? ":" : "");
      lines.add("dhcp-%sid=set:%s,%s".formatted(kind, tag, bytes));
      tags.add("tag:" + tag);
    }
  }

  /** Its address, which one entry only may have, and its name, whatever its card. */
  private void anyCard(BootNetwork.Client client, String tag, List<String> conditions) {
    conditions.forEach(each -> lines.add("tag-if=set:%s,%s".formatted(tag, each)));
    if (client.address().isPresent() && client.macs().isEmpty()) {
      lines.add(
          "dhcp-host=%s,tag:%s,%s,%s,infinite"
              .formatted(ANY_CARD, tag, ForeignServer.text(client.address().get()), client.name()));
    } else {
      lines.add("dhcp-option=tag:%s,12,%s".formatted(tag, client.name()));
    }
    if (client.address().isPresent() && !client.macs().isEmpty()) {
      lines.add(
          "# %s is for its cards: dnsmasq has an address in one entry only"
              .formatted(ForeignServer.text(client.address().get())));
    }
  }

  private void disk(BootNetwork.Client client, String tag) {
    lines.add("dhcp-option=tag:%s,option:root-path,%s".formatted(tag, client.rootPath()));
    lines.add("dhcp-option=tag:%s,203,%s".formatted(tag, client.initiator()));
    if (client.install()) {
      lines.add("# iPXE keeps its disk (175.8) and does not boot from it (175.9).");
      for (int code : List.of(IpxeOptions.KEEP_SAN, IpxeOptions.SKIP_SAN_BOOT)) {
        lines.add("dhcp-option-force=tag:%s,tag:ipxe,encap:175,%d,1b".formatted(tag, code));
      }
    }
  }
}
