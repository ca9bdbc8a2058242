// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Many clients write as fast as they can, each with as many commands as the target lets it have,
 * while the service may take little memory: what it takes, and whether all get on.
 */
final class MemoryCeiling {
  private static final int BLOCKS = 256;
  private static final int DEPTH = 16;
  private static final long LOOK_NANOS = 50_000_000;
  private static final int GOOD = 0;
  private static final int TASK_SET_FULL = 0x28;

  private MemoryCeiling() {}

  /**
   * Measures, and prints.
   *
   * @param folder an empty one
   * @throws IOException also when the ceiling does not hold, or a client gets nothing done
   */
  static void measure(Path folder, int seconds) throws IOException, InterruptedException {
    Path image = folder.resolve("image.raw");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BenchLimits.WRITTEN_BYTES);
    }
    Population.make(folder.resolve("data"), image, BenchLimits.WRITERS);
    String launcher = System.getProperty("rootstock.launcher");
    List<String> command =
        launcher != null ? List.of(launcher) : RootstockServer.serviceJava(bounds());
    String limit = "memory-limit: %dM".formatted(BenchLimits.CEILING_BYTES >> 20);
    List<Writer> writers = new ArrayList<>();
    try (var server = ServeProcess.start(command, folder, 0, limit);
        Selector selector = Selector.open()) {
      for (int client = 0; client < BenchLimits.WRITERS; client++) {
        writers.add(new Writer(server, client, selector));
      }
      long most = drive(server, writers, selector, seconds);
      long least = writers.stream().mapToLong(writer -> writer.ended).min().orElseThrow();
      long all = writers.stream().mapToLong(writer -> writer.ended).sum();
      System.out.printf("%d clients write 128 KiB each, %d at a time%n%n", writers.size(), DEPTH);
      System.out.printf("| memory-limit | %,d MiB |%n", BenchLimits.CEILING_BYTES >> 20);
      System.out.printf(
          "| the most memory of its own that the service had | %,d MiB |%n", most >> 20);
      System.out.printf("| writes in all, a second | %,d |%n", all / seconds);
      System.out.printf(
          "| writes that were to come again, a second | %,d |%n",
          writers.stream().mapToLong(writer -> writer.again).sum() / seconds);
      System.out.printf(
          "| the client that got least, against the mean | %.2f |%n",
          (double) least * writers.size() / all);
      if (most > BenchLimits.CEILING_BYTES || least == 0) {
        throw new IOException("the ceiling does not hold, or a client stood still");
      }
    } finally {
      for (Writer writer : writers) {
        writer.session.close();
      }
    }
  }

  /** What the launcher does with the line, for a bench that was started without it. */
  private static List<String> bounds() {
    long kib = (BenchLimits.CEILING_BYTES / 5 * 2) >> 10;
    return List.of("-Xmx" + kib + "k", "-XX:MaxDirectMemorySize=" + kib + "k");
  }

  /** Returns the most bytes that the service was seen to have. */
  private static long drive(
      ServeProcess server, List<Writer> writers, Selector selector, int seconds)
      throws IOException {
    for (Writer writer : writers) {
      writer.begin();
    }
    long most = 0;
    long look = System.nanoTime();
    long end = look + seconds * 1_000_000_000L;
    while (System.nanoTime() < end) {
      if (selector.select(BenchLimits.ANSWER.toMillis()) == 0) {
        throw new IOException("no client had an answer for " + BenchLimits.ANSWER);
      }
      for (SelectionKey key : selector.selectedKeys()) {
        ((Writer) key.attachment()).turn();
      }
      selector.selectedKeys().clear();
      if (System.nanoTime() - look > LOOK_NANOS) {
        most = Math.max(most, Tool.ownMemory(server.process()));
        look = System.nanoTime();
      }
    }
    return most;
  }

  /** One client, which writes the same few megabytes in any order. */
  private static final class Writer {
    private final BusySession session;
    private final SelectionKey key;
    private final SplittableRandom random;
    private long ended;
    private long again;

    Writer(ServeProcess server, int client, Selector selector) throws IOException {
      random = new SplittableRandom(client);
      session =
          BusySession.login(
              server.portal(),
              LoginOptions.normal(Population.initiator(client), ServeProcess.target(client)),
              0,
              BenchLimits.ANSWER,
              this::ended);
      key = session.channel().register(selector, SelectionKey.OP_READ, this);
    }

    void begin() throws IOException {
      for (int i = 0; i < DEPTH; i++) {
        write();
      }
      send();
    }

    private void write() {
      session.write(random.nextLong(BenchLimits.WRITTEN_BYTES / 512 / BLOCKS) * BLOCKS, BLOCKS);
    }

    /** Data that nobody asked for may find no room; an initiator then writes again. */
    private void ended(int tag, int status) {
      switch (status) {
        case GOOD -> ended++;
        case TASK_SET_FULL -> again++;
        default -> throw new IllegalStateException("a write ended with status " + status);
      }
      write();
    }

    void turn() throws IOException {
      session.receive();
      send();
    }

    private void send() throws IOException {
      boolean all = session.send();
      key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }
  }
}
