// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Somebody else's server on a lab's bridge, in a network namespace of its own: two DHCP servers on
 * one machine take each other's packets.
 */
final class OtherServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);

  /**
   * The inner shell waits for its end of the cable; what the server is given comes as arguments.
   */
  private static final String SCRIPT =
      """
      set -e
      mkfifo "$1/plugged" "$1/there"
      unshare --net sh -c 'echo yes >"$1/there"; read go <"$1/plugged"
        ip link set lo up; ip address add "$3/24" dev "far$2"; ip link set "far$2" up
        shift 3; exec "$@"' sh "$@" &
      read yes <"$1/there"
      ip link add "near$2" type veth peer name "far$2" netns $!
      ip link set "near$2" master %s up
      echo go >"$1/plugged"
      wait
      """
          .formatted(PrivateNetwork.BRIDGE);

  private final PrivateNetwork.Resident process;
  private final LineLog log;

  private OtherServer(PrivateNetwork.Resident process, LineLog log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a server and waits until it says so.
   *
   * @param name of its interface, {@code farNAME}, and of its log; at most 10 letters
   * @param address that it has on the bridge
   * @param ready a regular expression of the line that says that it serves
   */
  static OtherServer start(Lab lab, String name, String address, String ready, List<String> command)
      throws IOException, InterruptedException {
    return start(lab.network(), lab.folder(), name, address, ready, command);
  }

  /** The same without a lab; its log is kept in the folder. */
  static OtherServer start(
      PrivateNetwork network,
      Path logs,
      String name,
      String address,
      String ready,
      List<String> command)
      throws IOException, InterruptedException {
    Path folder = Files.createDirectories(logs.resolve("other-" + name));
    var all = new ArrayList<>(List.of("sh", "-c", SCRIPT, "sh"));
    all.addAll(List.of(folder.toString(), name, address));
    all.addAll(command);
    PrivateNetwork.Resident process = network.start(folder, all);
    LineLog log = new LineLog(name, logs.resolve(name + ".log"), line -> {});
    log.follow(process.streams().getInputStream());
    log.await(ready, START);
    return new OtherServer(process, log);
  }

  LineLog log() {
    return log;
  }

  @Override
  public void close() {
    process.kill();
  }
}
