// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

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
}
