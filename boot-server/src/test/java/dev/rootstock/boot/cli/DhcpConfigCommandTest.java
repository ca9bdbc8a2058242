// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other DHCP servers are told of our clients. */
class DhcpConfigCommandTest {
  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    commands = new CommandLineHarness(folder);
  }

  @Test
  void otherDhcpServersGetAConfigurationOfOurClients() throws Exception {
    commands.importDebian();
    commands.done(
        "client",
        "add",
        "alpha",
        "--image",
        "debian",
        "--mac",
        "52:54:00:77:00:01",
        "--address",
        "10.77.0.20");
    CommandLineHarness.Result withoutServer = commands.run("dhcp-config", "isc");
    assertEquals(1, withoutServer.status());
    assertTrue(withoutServer.err().contains("configure 'server'"), withoutServer.err());

    Files.writeString(commands.configuration, "data: data\nserver: 10.77.0.1\n");
    String isc = commands.run("dhcp-config", "isc", "--network", "10.77.0.0/25").out();
    assertTrue(isc.contains("subnet 10.77.0.0 netmask 255.255.255.128 {"), isc);
    assertTrue(isc.contains("fixed-address 10.77.0.20;"), isc);
    assertTrue(isc.contains("option root-path \"iscsi:10.77.0.1::::iqn."), isc);
    String kea = commands.run("dhcp-config", "kea", "--json").json().get("configuration").asText();
    assertTrue(kea.contains("\"hw-address\": \"52:54:00:77:00:01\""), kea);
    assertFalse(kea.contains("HTTPClient"), kea);
    assertFalse(kea.contains("080101"), kea);
    Files.writeString(
        commands.configuration,
        """
        data: data
        server: 10.77.0.1
        tftp: { enabled: true }
        http: { listen: ["0.0.0.0:80"] }
        """);
    String byHttp = commands.run("dhcp-config", "dnsmasq").out();
    assertTrue(byHttp.contains("tag:!ipxe,http://10.77.0.1:80/boot/"), byHttp);
    assertEquals(2, commands.run("dhcp-config", "windows").status());
    assertEquals(1, commands.run("dhcp-config", "kea", "--network", "10.77/8").status());
  }

  @Test
  void otherDhcpServersAreToldOfEveryKeyAndOfWhatTheyCannotDo() throws Exception {
    commands.importDebian();
    Files.writeString(commands.configuration, "data: data\nserver: 10.77.0.1\n");
    String uuid = "4c4c4544-0042-3510-8052-b4c04f4d3232";
    add("by-uuid", "--uuid", uuid, "--address", "10.77.0.20");
    add("named", "--initiator", "iqn.2026-11.org.example:named");
    add("placed", "--circuit", "relay=10.77.0.2,circuit=ab,remote=0x00");
    add("anybody");
    add("elsewhere", "--mac", "52:54:00:77:00:02", "--address", "10.78.0.20");
    add("chooser", "--mac", "52:54:00:77:00:03", "--mode", "ephemeral", "--menu", "debian");
    commands.done("client", "chap", "chooser", "--each-boot", "--hand-out");
    add("installer", "--mac", "52:54:00:77:00:04", "--install", "true");
    String kea = commands.run("dhcp-config", "kea").out();
    for (String line :
        List.of(
            "option[97].hex == 0x004c4c4544004235108052b4c04f4d3232",
            "// give it its card too (--mac): a system that asks again tells no UUID",
            "option[203].hex == 'iqn.2026-11.org.example:named'",
            // Its disk is for that name only, so that is what it is told.
            "\"data\": \"iqn.2026-11.org.example:named\"",
            "pkt4.giaddr == 10.77.0.2 and relay4[1].hex == 0x6162 and relay4[2].hex == 0x00",
            "// left out: nothing says which machine it is; 'rootstock client set anybody --mac",
            "// left out: its address 10.78.0.20 is of another network",
            // Of the installer: keep-san, skip-san-boot and no-pxedhcp.
            "{ \"code\": 175, \"csv-format\": false, \"data\": \"080101090101B00101\" }",
            "// its secrets are made anew for each boot",
            "// its menu of images comes by Rootstock's script only; here it boots debian")) {
      assertTrue(kea.contains(line), line + " is not in " + kea);
    }
    assertFalse(kea.contains("52:54:00:77:00:02"), kea);
    String there = commands.run("dhcp-config", "isc", "--network", "10.78.0.0/24").out();
    assertTrue(there.contains("fixed-address 10.78.0.20;"), there);
    assertTrue(there.contains("# not at relay agent 10.77.0.2"), there);
  }

  private void add(String name, String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of("client", "add", name, "--image", "debian"));
    command.addAll(List.of(options));
    commands.done(command.toArray(String[]::new));
  }
}
