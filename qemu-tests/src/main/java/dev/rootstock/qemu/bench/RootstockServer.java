// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Rootstock process of its own on a free port of the loopback address. */
final class RootstockServer implements Served {
  private final String name;
  private final String url;
  private final Process process;

  private RootstockServer(String name, String url, Process process) {
    this.name = name;
    this.url = url;
    this.process = process;
  }

  /** The real service: a golden image, and a client whose overlay is empty. */
  static RootstockServer golden(Path folder, Path disk) throws IOException, InterruptedException {
    int port = Tool.freePort();
    Path config = folder.resolve("rootstock.yaml");
    Files.writeString(
        config,
        """
        data: %s
        iscsi: { listen: ["127.0.0.1:%d"], name-prefix: "iqn.2026-11.dev.rootstock.bench" }
        """
            .formatted(folder.resolve("data"), port));
    String file = config.toString();
    command("image", "import", disk.toString(), "--name", "golden", "--config", file);
    command("client", "add", "reader", "--image", "golden", "--config", file);
    Path log = folder.resolve("serve.log");
    return started(
        "Rootstock, golden image and overlay",
        "iscsi://127.0.0.1:" + port + "/iqn.2026-11.dev.rootstock.bench:reader/0",
        port,
        log,
        Main.class.getName(),
        "serve",
        "--config",
        file);
  }

  /** The target alone on a disk in memory: what the protocol costs without files. */
  static RootstockServer memory(Path folder) throws IOException, InterruptedException {
    int port = Tool.freePort();
    return started(
        "Rootstock's target, memory device",
        "iscsi://127.0.0.1:" + port + "/" + MemoryTarget.NAME + "/0",
        port,
        folder.resolve("memory.log"),
        MemoryTarget.class.getName(),
        Integer.toString(port));
  }

  private static void command(String... arguments) throws IOException, InterruptedException {
    List<String> command = java(Main.class.getName());
    command.addAll(List.of(arguments));
    Tool.run(BenchLimits.COMMAND, command.toArray(String[]::new));
  }

  private static RootstockServer started(
      String name, String url, int port, Path log, String... mainAndArguments)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(java(mainAndArguments))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    var server = new RootstockServer(name, url, process);
    try {
      Tool.awaitPort(process, port);
      return server;
    } catch (IOException | InterruptedException e) {
      server.close();
      throw e;
    }
  }

  /** The command of a JVM like this one: the same Java, class path and flags as the launcher's. */
  private static List<String> java(String... mainAndArguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Dio.netty.allocator.type=pooled");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(mainAndArguments));
    return command;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String url() {
    return url;
  }

  @Override
  public Process process() {
    return process;
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
