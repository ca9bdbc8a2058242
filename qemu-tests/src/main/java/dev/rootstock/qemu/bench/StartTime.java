// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * From the execution of {@code serve} to the answer to the first login, where very many clients are
 * registered. Somebody tries to connect all the time from the moment of the execution on.
 */
final class StartTime {
  private static final int RETRY_MILLIS = 1;

  private final Path folder;

  private record Start(double wallMillis, double cpuMillis) {}

  private StartTime(Path folder) {
    this.folder = folder;
  }

  /**
   * Measures, and prints a table.
   *
   * @param folder an empty one
   * @param rounds counted ones; one more warms up this process and the page cache
   */
  static void measure(Path folder, int rounds) throws IOException, InterruptedException {
    Path image = folder.resolve("image.raw");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BenchLimits.SMALL_DISK_BYTES);
    }
    Population.make(folder.resolve("data"), image, BenchLimits.CLIENTS);
    var starts = new StartTime(folder);
    System.out.printf(
        "From exec to the first login, %,d clients, each with an overlay%n%n", BenchLimits.CLIENTS);
    System.out.println("| serve | median ms | least | most | processor ms |");
    System.out.println("|---|---|---|---|---|");
    String launcher = System.getProperty("rootstock.launcher");
    if (launcher != null) {
      starts.print("by the launcher", List.of(launcher), rounds);
      starts.print(
          "by the launcher, without the cache of classes",
          List.of("env", "ROOTSTOCK_JVM_FLAGS=-XX:AOTMode=off", launcher),
          rounds);
    } else {
      starts.print("java, without the cache of classes", RootstockServer.serviceJava(), rounds);
    }
  }

  private void print(String what, List<String> command, int rounds)
      throws IOException, InterruptedException {
    List<Start> starts = new ArrayList<>();
    for (int round = 0; round <= rounds; round++) {
      Start start = once(command);
      if (round > 0) {
        starts.add(start);
      }
    }
    List<Double> wall = new ArrayList<>(starts.stream().map(Start::wallMillis).toList());
    List<Double> processor = new ArrayList<>(starts.stream().map(Start::cpuMillis).toList());
    Collections.sort(wall);
    Collections.sort(processor);
    System.out.printf(
        "| %s | %.0f | %.0f | %.0f | %.0f |%n",
        what, wall.get(rounds / 2), wall.getFirst(), wall.getLast(), processor.get(rounds / 2));
  }

  private Start once(List<String> command) throws IOException, InterruptedException {
    int port = Tool.freePort();
    var portal = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    var options =
        LoginOptions.normal(
            Population.initiator(BenchLimits.CLIENTS / 2),
            ServeProcess.target(BenchLimits.CLIENTS / 2));
    long begin = System.nanoTime();
    try (var server = ServeProcess.start(command, folder, port, "")) {
      while (true) {
        try (var session = Initiator.login(portal, options, BenchLimits.ANSWER)) {
          double took = (System.nanoTime() - begin) / 1e6;
          double processor = Tool.cpuMicros(server.process()) / 1e3;
          session.logout();
          if (server.stop(BenchLimits.COMMAND) != 0) {
            throw new IOException(Files.readString(folder.resolve("serve.log")));
          }
          return new Start(took, processor);
        } catch (ConnectException notYet) {
          if (!server.process().isAlive()
              || System.nanoTime() - begin > BenchLimits.REHEARSAL.toNanos()) {
            throw new IOException(
                "the service does not listen: " + Files.readString(folder.resolve("serve.log")),
                notYet);
          }
          Thread.sleep(RETRY_MILLIS);
        }
      }
    }
  }
}
