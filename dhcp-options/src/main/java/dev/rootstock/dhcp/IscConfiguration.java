// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import dev.rootstock.dhcp.BootNetwork.Mark;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Our clients in the words of dhcpd.conf(5). Cards are hosts, whose options go before all others;
 * what else a client is known by is one chain of conditions, machines before places.
 */
final class IscConfiguration {
  private final BootNetwork network;
  private final List<String> lines = new ArrayList<>();

  /** Those with an address and another key than a card. */
  private final List<Housed> housed = new ArrayList<>();

  private record Housed(BootNetwork.Client client, Inet4Address address, List<Sign> signs) {}

  /**
   * What a client is known by beside its cards. Mixed without brackets, which dhcpd reads wrongly,
   * "and" and "or" would not mean the same: so a sign has one kind only.
   *
   * @param name of a class
   * @param condition machines by "or", a place by "and"
   */
  private record Sign(String name, String condition, BootNetwork.Client client) {}

  private IscConfiguration(BootNetwork network) {
    this.network = network;
  }

  static String of(BootNetwork network) {
    IscConfiguration written = new IscConfiguration(network);
    written.head();
    written.classes();
    written.subnet();
    network.clients().forEach(written::hosts);
    return String.join("\n", written.lines) + "\n";
  }

  private void head() {
    lines.add("# Rootstock's clients, for ISC dhcpd 4.3 or newer: dhcpd.conf");
    lines.add("option space ipxe;");
    lines.add("option ipxe-encapsulated code 175 = encapsulate ipxe;");
    lines.add("option ipxe.keep-san code 8 = unsigned integer 8;");
    lines.add("option ipxe.skip-san-boot code 9 = unsigned integer 8;");
    lines.add("option ipxe.no-pxedhcp code 176 = unsigned integer 8;");
    lines.add("option ipxe-initiator code 203 = text;");
    lines.add("option client-architecture code 93 = unsigned integer 16;");
    lines.add("option machine-id code 97 = string;");
    lines.add("default-lease-time 3600;");
    lines.add("# iPXE need not wait for a proxy.");
    lines.add("option ipxe.no-pxedhcp 1;");
  }

  private void classes() {
    for (BootNetwork.Client client : network.clients()) {
      List<Sign> signs = new ArrayList<>(machine(client));
      signs.addAll(places(client));
      if (!signs.isEmpty() && client.address().isPresent()) {
        housed.add(new Housed(client, client.address().get(), signs));
      }
    }
    for (Housed each : housed) {
      for (Sign sign : each.signs()) {
        lines.add("class \"%s\" {".formatted(sign.name()));
        lines.add("  match if %s;".formatted(sign.condition()));
        lines.add("}");
      }
    }
  }

  private void subnet() {
    lines.add(
        "subnet %s netmask %s {"
            .formatted(ForeignServer.text(network.address()), network.netmask()));
    pools();
    lines.add("  # Option 3 makes Windows send all of its disk's traffic to the router.");
    network
        .router()
        .ifPresent(router -> lines.add("  option routers " + ForeignServer.text(router) + ";"));
    network.programs().ifPresent(this::programs);
    marked();
    lines.add("}");
  }

  private void pools() {
    List<BootNetwork.Range> ranges =
        network.rangesBeside(housed.stream().map(Housed::address).toList());
    for (Housed each : housed) {
      lines.add("  pool {");
      members("allow", each);
      if (each.client().own().isEmpty()) {
        // A machine that is known by its card is that client wherever it stands.
        lines.add("    deny known-clients;");
      }
      lines.add("    range %s;".formatted(ForeignServer.text(each.address())));
      lines.add("  }");
    }
    if (housed.isEmpty()) {
      ranges.forEach(each -> lines.add("  " + range(each)));
    } else if (!ranges.isEmpty()) {
      lines.add("  pool {");
      housed.forEach(each -> members("deny", each));
      ranges.forEach(each -> lines.add("    " + range(each)));
      lines.add("  }");
    }
  }

  private void members(String how, Housed of) {
    of.signs().forEach(sign -> lines.add("    %s members of \"%s\";".formatted(how, sign.name())));
  }

  private static String range(BootNetwork.Range range) {
    return "range %s %s;"
        .formatted(ForeignServer.text(range.first()), ForeignServer.text(range.last()));
  }

  private void programs(BootNetwork.Programs programs) {
    lines.add("  # Firmware without iPXE loads it from Rootstock first.");
    lines.add("  next-server " + ForeignServer.text(network.bootServer()) + ";");
    lines.add("  if not exists ipxe-encapsulated {");
    lines.add("    if option client-architecture = 00:00 {");
    lines.add("      filename \"" + programs.bios() + "\";");
    lines.add(
        "    } elsif option client-architecture = 00:07 or option client-architecture = 00:09 {");
    lines.add("      filename \"" + programs.uefiX64() + "\";");
    programs
        .uefiArm64()
        .ifPresent(
            file -> {
              lines.add("    } elsif option client-architecture = 00:0b {");
              lines.add("      filename \"" + file + "\";");
            });
    network.httpBoots().forEach(this::httpBoot);
    lines.add("    }");
    lines.add("  }");
  }

  /** UEFI's HTTP boot takes nothing from a server that does not call itself what it is. */
  private void httpBoot(BootNetwork.HttpBoot boot) {
    lines.add(
        "    } elsif option client-architecture = 00:%02x {".formatted(boot.architecture().code()));
    lines.add("      option vendor-class-identifier \"" + ForeignServer.HTTP_CLIENT + "\";");
    lines.add("      filename \"" + boot.url() + "\";");
  }

  // ---- clients by what they are known by beside their cards ----

  private void marked() {
    List<Sign> all = new ArrayList<>();
    network.clients().forEach(client -> all.addAll(machine(client)));
    network.clients().forEach(client -> all.addAll(places(client)));
    String before = "";
    for (Sign sign : all) {
      lines.add("  %sif %s {".formatted(before, sign.condition()));
      disk(sign.client()).forEach(line -> lines.add("    " + line));
      before = "} els";
    }
    if (!all.isEmpty()) {
      lines.add("  }");
    }
  }

  private static List<String> disk(BootNetwork.Client client) {
    List<String> told = new ArrayList<>();
    told.add("option host-name \"" + client.name() + "\";");
    told.add("option root-path \"" + client.rootPath() + "\";");
    told.add("option ipxe-initiator \"" + client.initiator() + "\";");
    if (client.install()) {
      told.add("# iPXE keeps its disk and does not boot from it.");
      told.add("option ipxe.keep-san 1;");
      told.add("option ipxe.skip-san-boot 1;");
    }
    return told;
  }

  private static List<Sign> machine(BootNetwork.Client client) {
    if (client.own().isEmpty()) {
      return List.of();
    }
    List<String> tests = client.own().stream().map(IscConfiguration::test).toList();
    return List.of(new Sign("rootstock-" + client.name(), String.join(" or ", tests), client));
  }

  /** Those that packets of this network may come from. */
  private List<Sign> places(BootNetwork.Client client) {
    List<Sign> signs = new ArrayList<>();
    for (Mark.Place place : client.places()) {
      if (network.contains(place.relay())) {
        String name = "rootstock-%s-place%d".formatted(client.name(), signs.size() + 1);
        signs.add(new Sign(name, test(place), client));
      }
    }
    return signs;
  }

  private static String test(Mark mark) {
    return switch (mark) {
      case Mark.Machine machine ->
          String.join(
              " or ",
              ForeignServer.machineIds(machine.uuid()).stream()
                  .map(id -> "option machine-id = " + ForeignServer.colons(id))
                  .toList());
      case Mark.Initiator initiator -> "option ipxe-initiator = \"%s\"".formatted(initiator.name());
      case Mark.Place(Inet4Address relay, Optional<String> circuit, Optional<String> remote) ->
          "binary-to-ascii(10, 8, \".\", packet(24, 4)) = \"%s\""
                  .formatted(ForeignServer.text(relay))
              + circuit.map(id -> " and option agent.circuit-id = " + bytes(id)).orElse("")
              + remote.map(id -> " and option agent.remote-id = " + bytes(id)).orElse("");
    };
  }

  /** One byte alone would be read as a number: as a text it is the byte. */
  private static String bytes(String digits) {
    return digits.length() == 2 ? "\"\\x" + digits + "\"" : ForeignServer.colons(digits);
  }

  // ---- clients by their cards ----

  private void hosts(BootNetwork.Client client) {
    List<String> remarks = new ArrayList<>(client.remarks());
    for (Mark.Place place : client.places()) {
      if (!network.contains(place.relay())) {
        remarks.add(ForeignServer.elsewhere(place.relay()));
      }
    }
    if (!remarks.isEmpty()) {
      lines.add("# " + client.name());
      remarks.forEach(remark -> lines.add("# " + remark));
    }
    int card = 0;
    for (HardwareAddress mac : client.macs()) {
      card++;
      lines.add("host %s {".formatted(client.name() + (card == 1 ? "" : "-card" + card)));
      lines.add("  hardware ethernet " + mac + ";");
      client
          .address()
          .ifPresent(each -> lines.add("  fixed-address " + ForeignServer.text(each) + ";"));
      disk(client).forEach(line -> lines.add("  " + line));
      lines.add("}");
    }
  }
}
