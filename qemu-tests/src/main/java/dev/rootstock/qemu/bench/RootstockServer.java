// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.cli.Main;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Rootstock process of its own on a free port of the loopback address. */
final class RootstockServer implements AutoCloseable {
  private static final String PREFIX = "iqn.2026-11.dev.rootstock.bench";

  private final Process process;
  private final int port;
  private final Path config;

  private RootstockServer(Process process, int port, Path config) {
    this.process = process;
    this.port = port;
    this.config = config;
  }

  /**
   * The real service: a golden image, and clients whose overlays are empty.
   *
   * @param folder for its files, made here
   * @param settings more lines of its configuration
   */
  static RootstockServer service(Path folder, Path image, String settings, List<String> clients)
      throws IOException, InterruptedException {
    Files.createDirectory(folder);
    int port = Tool.freePort();
    Path config = folder.resolve("rootstock.yaml");
    Files.writeString(
        config,
        """
        data: %s
        iscsi: { listen: ["127.0.0.1:%d"], name-prefix: "%s"%s }
        """
            .formatted(folder.resolve("data"), port, PREFIX, settings));
    String file = config.toString();
    command("image", "import", image.toString(), "--name", "golden", "--config", file);
    for (String client : clients) {
      command("client", "add", client, "--image", "golden", "--config", file);
    }
    return started(
        port, config, folder.resolve("serve.log"), Main.class.getName(), "serve", "--config", file);
  }

  /** The target alone on a disk in memory: what the protocol costs without files. */
  static RootstockServer memory(Path folder) throws IOException, InterruptedException {
    int port = Tool.freePort();
    return started(
        port,
        folder,
        folder.resolve("memory.log"),
        MemoryTarget.class.getName(),
        Integer.toString(port));
  }

  /** Drops what a client has written, and says that its machine was started anew. */
  void reset(String client) throws IOException, InterruptedException {
    command("client", "reset", client, "--force", "--config", config.toString());
    command("client", "boot", client, "--config", config.toString());
  }

  /** Its configuration's file. */
  Path configuration() {
    return config;
  }

  private static void command(String... arguments) throws IOException, InterruptedException {
    List<String> command = java(Main.class.getName());
    command.addAll(List.of(arguments));
    Tool.run(BenchLimits.COMMAND, command.toArray(String[]::new));
  }

  private static RootstockServer started(
      int port, Path config, Path log, String... mainAndArguments)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(Tool.tied(java(mainAndArguments).toArray(String[]::new)))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    var server = new RootstockServer(process, port, config);
    try {
      // Not only its port: the control socket, which storms need, comes after that.
      Tool.awaitLine(process, log, "ready iscsi ");
      return server;
    } catch (IOException | InterruptedException e) {
      server.close();
      throw e;
    }
  }

  /** What begins every command of {@code rootstock}, in a JVM like this one. */
  static List<String> serviceJava() {
    return serviceJava(List.of());
  }

  /** The same with more flags. */
  static List<String> serviceJava(List<String> flags) {
    List<String> command = java(Main.class.getName());
    command.addAll(1, flags);
    return command;
  }

  /** The command of a JVM like this one: the same Java, class path and flags as the launcher's. */
  private static List<String> java(String... mainAndArguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Dio.netty.allocator.type=pooled");
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.addAll(List.of(mainAndArguments));
    return command;
  }

  Process process() {
    return process;
  }

  /** A client's disk. */
  Served served(String client) {
    return served(new Disk(portal(), PREFIX + ":" + client, 0));
  }

  /** The disk of {@link #memory}. */
  Served servedMemory() {
    return served(new Disk(portal(), MemoryTarget.NAME, 0));
  }

  private Served served(Disk disk) {
    return new Served(process, disk);
  }

  InetSocketAddress portal() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(BenchLimits.COMMAND.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
