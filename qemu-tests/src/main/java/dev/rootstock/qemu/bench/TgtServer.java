// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** tgt, as Debian has it, on raw files: a target for each. */
final class TgtServer implements AutoCloseable {
  private static final String TARGET = "iqn.2026-11.dev.rootstock.bench:tgt";

  private final Process process;
  private final int port;

  private TgtServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static TgtServer start(Path disk) throws IOException, InterruptedException {
    return start(List.of(disk));
  }

  static TgtServer start(List<Path> disks) throws IOException, InterruptedException {
    int port = Tool.freePort();
    // tgtd tells its instances apart by a small number that names their control sockets.
    String control = Integer.toString(port % 30_000 + 100);
    Process process =
        new ProcessBuilder(
                Tool.tied("tgtd", "-f", "-C", control, "--iscsi", "portal=127.0.0.1:" + port))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var server = new TgtServer(process, port);
    try {
      Tool.awaitPort(process, port);
      for (int i = 0; i < disks.size(); i++) {
        String tid = Integer.toString(i + 1);
        String path = disks.get(i).toString();
        server.admin(control, "target", "new", tid, "-T", TARGET + i);
        server.admin(control, "logicalunit", "new", tid, "--lun", "1", "-b", path);
        server.admin(control, "target", "bind", tid, "-I", "ALL");
      }
      return server;
    } catch (IOException | InterruptedException e) {
      server.close();
      throw e;
    }
  }

  /**
   * A tgt of its own with so many raw files, which hold nothing yet. That favours it: copies of an
   * image would have to be read from the disk, each by itself, while holes cost it no more than the
   * page cache does.
   */
  static StormDisks storm(int count, long bytes) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("rootstock-storm-tgt");
    TgtServer server;
    try {
      List<Path> files = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Path file = folder.resolve(i + ".raw");
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
          raw.setLength(bytes);
        }
        files.add(file);
      }
      server = start(files);
    } catch (IOException | InterruptedException e) {
      Bench.delete(folder);
      throw e;
    }
    Thread interrupted = new Thread(() -> server.end(folder));
    Runtime.getRuntime().addShutdownHook(interrupted);
    return new StormDisks(
        "tgt, raw files",
        Optional.of(server.process.toHandle()),
        IntStream.range(0, count).mapToObj(server::disk).toList(),
        () -> {
          Runtime.getRuntime().removeShutdownHook(interrupted);
          server.end(folder);
        });
  }

  private void end(Path folder) {
    close();
    process.onExit().join();
    Bench.delete(folder);
  }

  private void admin(String control, String mode, String operation, String tid, String... more)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tgtadm", "-C", control, "--lld", "iscsi"));
    command.addAll(List.of("--mode", mode, "--op", operation, "--tid", tid));
    command.addAll(List.of(more));
    Tool.run(BenchLimits.COMMAND, command.toArray(String[]::new));
  }

  Process process() {
    return process;
  }

  /** The first of its disks. */
  Served served() {
    return new Served(process, disk(0));
  }

  private Disk disk(int number) {
    return new Disk(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TARGET + number, 1);
  }

  @Override
  public void close() {
    process.destroyForcibly(); // tgtd does not end by SIGTERM while it has targets
  }
}
