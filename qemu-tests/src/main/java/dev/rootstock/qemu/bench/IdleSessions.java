// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What sessions cost that have logged in, read a little and then say nothing: heap and resident
 * memory of each, and what processor time all of them take of the service while nothing happens.
 */
final class IdleSessions {
  /** Classes that are shown, those of the most bytes. */
  private static final int SHOWN_CLASSES = 25;

  private IdleSessions() {}

  /** What a process has at one moment. */
  private record Moment(
      List<String> histogram, long heap, long resident, long processorNanos, long wakeUps) {

    /** With the heap, which is a load of its own. */
    static Moment of(Process process) throws IOException, InterruptedException {
      String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
      // Counts what is reachable: it collects garbage first.
      List<String> histogram =
          Tool.run(BenchLimits.COMMAND, jcmd, Long.toString(process.pid()), "GC.class_histogram")
              .lines()
              .toList();
      return of(
          process,
          histogram,
          Long.parseLong(List.of(histogram.getLast().strip().split(" +")).get(2)));
    }

    /** What can be seen from outside. */
    static Moment outside(Process process) throws IOException {
      return of(process, List.of(), 0);
    }

    private static Moment of(Process process, List<String> histogram, long heap)
        throws IOException {
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      long resident = Tool.memory(process, "VmRSS:");
      long processor = 0;
      long wakeUps = 0;
      try (Stream<Path> tasks = Files.list(proc.resolve("task"))) {
        for (Path task : tasks.toList()) {
          processor +=
              Long.parseLong(
                  List.of(Files.readString(task.resolve("schedstat")).split(" ")).getFirst());
          wakeUps += Tool.field(task.resolve("status"), "voluntary_ctxt_switches:");
        }
      }
      return new Moment(histogram, heap, resident, processor, wakeUps);
    }
  }

  /**
   * Measures, and prints.
   *
   * @param folder an empty one
   * @param seconds for which nothing happens
   */
  static void measure(Path folder, int seconds) throws IOException, InterruptedException {
    Path image = folder.resolve("image.raw");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BenchLimits.SMALL_DISK_BYTES);
    }
    int count = BenchLimits.IDLE_SESSIONS;
    Population.make(folder.resolve("data"), image, count + 1);
    List<Initiator> sessions = new ArrayList<>();
    try (var server = ServeProcess.start(RootstockServer.serviceJava(), folder, 0, "")) {
      begin(server, count).close(); // what only the first one has to make
      Moment before = Moment.of(server.process());
      for (int client = 0; client < count; client++) {
        sessions.add(begin(server, client));
      }
      Moment after = Moment.of(server.process());
      Thread.sleep(seconds * 1000L);
      Moment idle = Moment.outside(server.process());
      Thread.sleep(seconds * 1000L);
      Moment later = Moment.outside(server.process());
      System.out.printf("%,d idle sessions%n%n", count);
      System.out.printf("| heap of each | %,d bytes |%n", (after.heap() - before.heap()) / count);
      System.out.printf(
          "| resident memory of each | %,d bytes |%n",
          (after.resident() - before.resident()) / count);
      System.out.printf(
          "| processor time of the service in %d s | %,d ms |%n",
          seconds, (later.processorNanos() - idle.processorNanos()) / 1_000_000);
      System.out.printf(
          "| its wake-ups a second | %,d |%n", (later.wakeUps() - idle.wakeUps()) / seconds);
      System.out.println();
      after.histogram().stream().limit(SHOWN_CLASSES).forEach(System.out::println);
    } finally {
      for (Initiator session : sessions) {
        session.close();
      }
    }
  }

  private static Initiator begin(ServeProcess server, int client) throws IOException {
    LoginOptions options =
        LoginOptions.normal(Population.initiator(client), ServeProcess.target(client));
    Initiator session = Initiator.login(server.portal(), options, BenchLimits.ANSWER);
    session.readBlocks(0, 0, 8); // answered with the unit attention of a new session
    session.readBlocks(0, 0, 8);
    return session;
  }
}
