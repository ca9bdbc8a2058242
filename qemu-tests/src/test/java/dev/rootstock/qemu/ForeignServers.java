// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import dev.rootstock.dhcp.ForeignServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * DHCP servers of others, out of the distribution's packages. They are fetched and unpacked, never
 * installed: an installed DHCP server would start, on the networks of this computer.
 */
final class ForeignServers {
  private final Path tree;

  private ForeignServers(Path tree) {
    this.tree = tree;
  }

  static ForeignServers fetched() throws IOException, InterruptedException {
    Path tree = Checkout.scratch("it").resolve("packages-dhcp");
    DebianPackages.inUserCache()
        .unpack(
            Set.of("dnsmasq-base", "isc-dhcp-relay", "isc-dhcp-server", "kea-dhcp4-server"),
            name -> (name.startsWith("lib") && !name.startsWith("libc6")) || name.startsWith("kea"),
            tree);
    return new ForeignServers(tree);
  }

  /** A command of such a package, with its own libraries before those of this computer. */
  List<String> command(Path folder, String program, String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("env"));
    command.add("LD_LIBRARY_PATH=" + tree.resolve("usr/lib/x86_64-linux-gnu"));
    for (String name : List.of("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR")) {
      command.add(name + "=" + folder);
    }
    command.add(tree.resolve("usr/sbin").resolve(program).toString());
    command.addAll(List.of(arguments));
    Files.createDirectories(folder);
    return command;
  }

  /** A server that runs in the foreground, and the line by which it says that it serves. */
  record Starting(String ready, List<String> command) {}

  /**
   * How to start a server with what is printed for it.
   *
   * @param folder of its leases
   * @param networkInterface where it serves
   */
  Starting starting(ForeignServer kind, Path folder, Path configuration, String networkInterface)
      throws IOException {
    Files.createDirectories(folder);
    Path leases = folder.resolve("leases");
    return switch (kind) {
      case DNSMASQ ->
          new Starting(
              "dnsmasq-dhcp.*DHCP, IP range",
              command(
                  folder,
                  "dnsmasq",
                  "--no-daemon",
                  "--log-facility=-",
                  "--port=0",
                  "--conf-file=" + configuration,
                  "--dhcp-leasefile=" + leases));
      case KEA -> {
        // What keeps its leases has fixed places in an installed package: here it keeps none.
        String printed = Files.readString(configuration);
        Files.writeString(
            configuration, printed.replace("\"persist\": true", "\"persist\": false"));
        yield new Starting(
            "DHCP4_STARTED", command(folder, "kea-dhcp4", "-c", configuration.toString()));
      }
      case ISC -> {
        Files.writeString(leases, "");
        yield new Starting(
            "Server starting service",
            command(
                folder,
                "dhcpd",
                "-f",
                "-d",
                "--no-pid",
                "-cf",
                configuration.toString(),
                "-lf",
                leases.toString(),
                networkInterface));
      }
    };
  }
}
