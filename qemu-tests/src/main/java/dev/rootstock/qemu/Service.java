// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The real service, started through the real launcher in a process of its own on a private network,
 * with a configuration file and a data folder of its own. Its log is kept over all its starts.
 */
final class Service implements AutoCloseable {
  /**
   * From the start of the JVM to the last {@code ready} line, on a computer that has other work.
   */
  private static final Duration START = Duration.ofMinutes(1);

  /** A prefix of our own, so that a target's name says in a log which client it is. */
  static final String NAME_PREFIX = "iqn.2026-11.dev.rootstock.lab";

  /** Everything that a test uses, and nothing that the service would not do by default. */
  private static final String CONFIGURATION =
      """
      data: data
      server: %1$s
      iscsi:
        listen: ["%1$s:3260"]
        name-prefix: "%2$s"
      slp:
        enabled: true
      """
          .formatted(PrivateNetwork.ADDRESS, NAME_PREFIX);

  /** The service gives the addresses itself. */
  static final String OWN_DHCP =
      """
      dhcp:
        mode: server
        interface: %s
        range: 10.77.0.100-10.77.0.199
      """
          .formatted(PrivateNetwork.BRIDGE);

  private final PrivateNetwork network;
  private final Path folder;
  private final LineLog log;
  private PrivateNetwork.@Nullable Resident process;

  /**
   * Writes the configuration; starts nothing.
   *
   * @param folder holds {@code rootstock.yaml}, the folder {@code data} and {@code service.log}
   */
  Service(PrivateNetwork network, Path folder, Consumer<String> listener) throws IOException {
    this(network, folder, OWN_DHCP, listener);
  }

  /**
   * Writes the configuration; starts nothing.
   *
   * @param boot its sections about DHCP, TFTP and HTTP
   */
  Service(PrivateNetwork network, Path folder, String boot, Consumer<String> listener)
      throws IOException {
    this.network = network;
    this.folder = folder;
    this.log = new LineLog("the service", folder.resolve("service.log"), listener);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("rootstock.yaml"), CONFIGURATION + boot);
  }

  LineLog log() {
    return log;
  }

  Path data() {
    return folder.resolve("data");
  }

  /** The name of a client's target. */
  static String target(String client) {
    return NAME_PREFIX + ":" + client;
  }

  /** Starts the service and waits until it listens everywhere. */
  void start() throws IOException, InterruptedException {
    process = network.start(folder, launch("serve"));
    log.follow(process.streams().getInputStream());
    // SLP is the last that starts, and all of them are told at once.
    log.await("^ready slp ", START);
  }

  /**
   * Asks the service to end, as an operator or systemd would.
   *
   * @return its exit code
   */
  int stop() throws IOException, InterruptedException {
    return running().stop();
  }

  /** kill -9. */
  void kill() throws IOException {
    running().kill();
  }

  /**
   * Runs a command of the command line on this service's data, whether it runs or not.
   *
   * @return what it printed
   * @throws IOException when it ends with another code than 0
   */
  String command(String... arguments) throws IOException, InterruptedException {
    return network.run(folder, launch(arguments));
  }

  /** The launcher builds what is older than its sources; whoever started us has built. */
  private List<String> launch(String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("env", "ROOTSTOCK_SKIP_BUILD=1"));
    command.add(Checkout.launcher().toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("--config", folder.resolve("rootstock.yaml").toString()));
    return command;
  }

  private PrivateNetwork.Resident running() throws IOException {
    if (process == null) {
      throw new IOException("the service was never started");
    }
    return process;
  }

  @Override
  public void close() {
    if (process != null) {
      process.kill();
    }
  }
}
