// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/** tgt, as Debian has it, on a raw file. */
final class TgtServer implements AutoCloseable {
  private static final String TARGET = "iqn.2026-11.dev.rootstock.bench:tgt";

  private final Process process;
  private final int port;

  private TgtServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static TgtServer start(Path disk) throws IOException, InterruptedException {
    int port = Tool.freePort();
    // tgtd tells its instances apart by a small number that names their control sockets.
    String control = Integer.toString(port % 30_000 + 100);
    Process process =
        new ProcessBuilder("tgtd", "-f", "-C", control, "--iscsi", "portal=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var server = new TgtServer(process, port);
    try {
      Tool.awaitPort(process, port);
      server.admin(control, "--mode", "target", "--op", "new", "--tid", "1", "-T", TARGET);
      server.admin(
          control,
          "--mode",
          "logicalunit",
          "--op",
          "new",
          "--tid",
          "1",
          "--lun",
          "1",
          "-b",
          disk.toString());
      server.admin(control, "--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL");
      return server;
    } catch (IOException | InterruptedException e) {
      server.close();
      throw e;
    }
  }

  private void admin(String control, String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 5];
    System.arraycopy(new String[] {"tgtadm", "-C", control, "--lld", "iscsi"}, 0, command, 0, 5);
    System.arraycopy(arguments, 0, command, 5, arguments.length);
    Tool.run(BenchLimits.COMMAND, command);
  }

  Process process() {
    return process;
  }

  /** Its one disk. */
  Served served() {
    return new Served(
        process,
        new Disk(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TARGET, 1));
  }

  @Override
  public void close() {
    process.destroyForcibly(); // tgtd does not end by SIGTERM while it has targets
  }
}
