// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A second network behind a router of its own, which is ISC's relay agent as well: it hands DHCP on
 * to the service, with option 82, and everything else through.
 */
final class Relay implements AutoCloseable {
  /** The far network's bridge; the service is not on it. */
  static final String BRIDGE = "br1";

  /** Where a machine of the far network is, as option 82 says it: ISC's agent names its port. */
  static final String PLACE = "relay=10.78.0.2,circuit=fardown";

  private static final Duration START = Duration.ofSeconds(30);

  /** The inner shell waits for its ends of both cables. */
  private static final String SCRIPT =
      """
      set -e
      mkfifo "$1/plugged" "$1/there"
      unshare --net sh -c 'set -e; echo yes >"$1/there"; read go <"$1/plugged"
        ip link set lo up
        ip address add 10.77.0.2/24 dev farup; ip link set farup up
        ip address add 10.78.0.2/24 dev fardown; ip link set fardown up
        echo 1 >/proc/sys/net/ipv4/ip_forward
        shift; exec "$@"' sh "$@" &
      read yes <"$1/there"
      ip link add nearup type veth peer name farup netns $!
      ip link set nearup master %1$s up
      ip link add %2$s type bridge stp_state 0 forward_delay 0 mcast_snooping 0
      ip link set %2$s up
      ip link add neardown type veth peer name fardown netns $!
      ip link set neardown master %2$s up
      ip route add 10.78.0.0/24 via 10.77.0.2
      echo go >"$1/plugged"
      wait
      """
          .formatted(PrivateNetwork.BRIDGE, BRIDGE);

  private final PrivateNetwork.Resident process;

  private Relay(PrivateNetwork.Resident process) {
    this.process = process;
  }

  /** Starts it and waits until it listens. */
  static Relay start(Lab lab) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(lab.folder().resolve("relay"));
    var command = new ArrayList<>(List.of("sh", "-c", SCRIPT, "sh", folder.toString()));
    command.addAll(
        ForeignServers.fetched()
            .command(
                folder,
                "dhcrelay",
                "-4",
                "-d",
                "--no-pid",
                "-a",
                "-id",
                "fardown",
                "-iu",
                "farup",
                PrivateNetwork.ADDRESS));
    PrivateNetwork.Resident process = lab.network().start(folder, command);
    var log = new LineLog("the relay", lab.folder().resolve("relay.log"), line -> {});
    log.follow(process.streams().getInputStream());
    log.await("^Sending on +Socket/fallback", START);
    return new Relay(process);
  }

  /** Plugs a machine into the far network. */
  void plug(Lab lab, Machine machine) throws IOException, InterruptedException {
    lab.network().run("ip", "link", "set", machine.tap(), "master", BRIDGE);
  }

  @Override
  public void close() {
    process.kill();
  }
}
