// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A bridge of our own, away from every network of this computer.
 *
 * <p>How it comes and goes: {@code unshare} makes a user, a network and a process namespace, which
 * needs no root where the kernel allows it, and starts a <em>holder</em> in them as process 1. The
 * holder sets the bridge up and then reads from a pipe that only this JVM holds open. However the
 * JVM ends, kill -9 included, the kernel closes the pipe, the holder ends, and because it was
 * process 1 the kernel kills every process of its namespace; with the last of them the network
 * goes. Nothing has to be cleaned up, so nothing can be forgotten.
 *
 * <p>Programs enter with {@code nsenter}, and see the files of this computer as they are.
 */
final class PrivateNetwork implements AutoCloseable {
  static final String BRIDGE = "br0";

  /** The bridge's own address, where the service listens. */
  static final String ADDRESS = "10.77.0.1";

  private static final int PREFIX_LENGTH = 24;
  private static final Path TUN = Path.of("/dev/net/tun");

  /** How long a program that was asked to end may take before it is killed. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * Spanning tree and the forwarding delay are off, else a machine's first 15 to 30 s pass in
   * silence; so is multicast snooping, which would keep SLP from machines that have just come.
   */
  private static final String HOLDER =
      """
      set -e
      ip link set lo up
      ip link add %1$s type bridge stp_state 0 forward_delay 0 mcast_snooping 0
      ip address add %2$s/%3$d dev %1$s
      ip link set %1$s up
      ip route add 239.0.0.0/8 dev %1$s
      echo ready
      exec cat
      """
          .formatted(BRIDGE, ADDRESS, PREFIX_LENGTH);

  private final Process unshare;
  private final long holder;
  private final boolean userNamespace;

  private PrivateNetwork(Process unshare, long holder, boolean userNamespace) {
    this.unshare = unshare;
    this.holder = holder;
    this.userNamespace = userNamespace;
  }

  /**
   * Makes the network.
   *
   * @throws IOException when this computer does not allow it; the message says what to do
   */
  static PrivateNetwork open() throws IOException, InterruptedException {
    if (!Files.isReadable(TUN) || !Files.isWritable(TUN)) {
      throw new IOException(
          Files.exists(TUN)
              ? TUN + " may not be opened by this user; run as root, or: chmod 0666 " + TUN
              : TUN + " is missing; run as root: modprobe tun");
    }
    try {
      return open(true);
    } catch (IOException withoutRoot) {
      // A container often forbids user namespaces to root, who needs none.
      if (!isRoot()) {
        throw new IOException(
            "this kernel lets no ordinary user make a network namespace (%s); run as root"
                .formatted(withoutRoot.getMessage()),
            withoutRoot);
      }
      return open(false);
    }
  }

  private static PrivateNetwork open(boolean userNamespace)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("unshare"));
    if (userNamespace) {
      command.addAll(List.of("--user", "--map-root-user"));
    }
    command.addAll(List.of("--net", "--pid", "--fork", "--kill-child", "sh", "-c", HOLDER));
    Process unshare = Tool.start(Path.of("."), Map.of(), command);
    var said = new StringBuilder();
    var lines =
        new BufferedReader(new InputStreamReader(unshare.getInputStream(), StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("ready")) {
        long holder = unshare.children().findFirst().orElseThrow().pid();
        return new PrivateNetwork(unshare, holder, userNamespace);
      }
      said.append(line).append(' ');
    }
    unshare.destroyForcibly().waitFor();
    throw new IOException(said.toString().strip());
  }

  /** Whether this process has root's rights already, and needs no user namespace to get them. */
  static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  /** Adds a port for a machine. */
  void addTap(String name) throws IOException, InterruptedException {
    run("ip", "tuntap", "add", "dev", name, "mode", "tap");
    run("ip", "link", "set", name, "master", BRIDGE, "up");
  }

  /** Pulls a machine's cable, or plugs it in again. */
  void setLink(String tap, boolean up) throws IOException, InterruptedException {
    run("ip", "link", "set", tap, up ? "up" : "down");
  }

  /** Runs a program inside to its end, and returns what it printed. */
  String run(String... command) throws IOException, InterruptedException {
    return run(Path.of("."), List.of(command));
  }

  /** Runs a program inside to its end in a folder, and returns what it printed. */
  String run(Path folder, List<String> command) throws IOException, InterruptedException {
    return Tool.run(folder, Map.of(), inside(command));
  }

  /** Starts a program inside, with standard error joined to standard output. */
  Resident start(Path folder, List<String> command) throws IOException {
    return new Resident(Tool.start(folder, Map.of(), inside(command)));
  }

  private List<String> inside(List<String> command) throws IOException {
    var entering = new ArrayList<>(List.of("nsenter", "--target", Long.toString(holder)));
    if (userNamespace) {
      entering.addAll(List.of("--user", "--preserve-credentials"));
    }
    entering.addAll(List.of("--net", "--pid", "--", Tool.find(command.getFirst())));
    entering.addAll(command.subList(1, command.size()));
    return entering;
  }

  /** Ends every process inside, and with them the network. */
  @Override
  public void close() {
    try {
      unshare.getOutputStream().close();
    } catch (IOException e) {
      // The pipe is gone, and so is the holder.
    }
    unshare.destroyForcibly();
    unshare.onExit().join();
  }

  /**
   * A program that runs inside. Our child is {@code nsenter}, which waits outside; the program is
   * its child, and signals are for that one.
   */
  static final class Resident {
    private final Process nsenter;

    private Resident(Process nsenter) {
      this.nsenter = nsenter;
    }

    /** Standard input, output and exit of the program. */
    Process streams() {
      return nsenter;
    }

    boolean isAlive() {
      return nsenter.isAlive();
    }

    /**
     * SIGTERM, and SIGKILL when that has no effect for a while.
     *
     * @return the program's exit code; 128 and more after a signal
     */
    int stop() throws InterruptedException {
      program().ifPresent(ProcessHandle::destroy);
      if (!nsenter.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        kill();
      }
      return nsenter.waitFor();
    }

    /** SIGKILL. Returns when the program is gone. */
    void kill() {
      program().ifPresent(ProcessHandle::destroyForcibly);
      nsenter.onExit().join();
    }

    /** Sends a signal by name, such as {@code STOP}. */
    void signal(String name) throws IOException, InterruptedException {
      Tool.run("kill", "-" + name, Long.toString(program().orElseThrow().pid()));
    }

    /** Empty when it has ended. Right after the start nsenter may not have forked yet. */
    private Optional<ProcessHandle> program() {
      while (nsenter.isAlive()) {
        Optional<ProcessHandle> child = nsenter.children().findFirst();
        if (child.isPresent()) {
          return child;
        }
        Thread.onSpinWait();
      }
      return Optional.empty();
    }
  }
}
