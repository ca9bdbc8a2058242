// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs that others wrote, run with a time limit. */
final class Tool {
  private Tool() {}

  /**
   * Runs a program to its end.
   *
   * @return what it printed on both streams, at most {@link BenchLimits#OUTPUT_BYTES}
   * @throws IOException when it is missing, fails, or does not end in time
   */
  static String run(Duration limit, String... command) throws IOException, InterruptedException {
    Process process = start(command);
    try {
      Thread watchdog =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                        process.destroyForcibly();
                      }
                    } catch (InterruptedException e) {
                      process.destroyForcibly();
                    }
                  });
      String output;
      try (InputStream stream = process.getInputStream()) {
        output = new String(stream.readNBytes(BenchLimits.OUTPUT_BYTES), StandardCharsets.UTF_8);
      }
      int exit = process.waitFor();
      watchdog.join();
      if (exit != 0) {
        throw new IOException(
            "%s ended with %d: %s".formatted(readable(command), exit, output.strip()));
      }
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * A command whose process is killed when the thread that starts it ends, in whichever way: what
   * kills a measurement leaves no server behind.
   */
  static List<String> tied(String... command) {
    List<String> tied = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    tied.addAll(List.of(command));
    return tied;
  }

  /** A command for a person's eyes: a class path would fill a page, and says nothing. */
  private static String readable(String... command) {
    List<String> words = new ArrayList<>(List.of(command));
    int path = words.indexOf("-cp") + 1;
    if (path > 0 && path < words.size()) {
      words.set(path, "…");
    }
    return String.join(" ", words);
  }

  private static Process start(String... command) throws IOException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
          .start();
    } catch (IOException e) {
      throw new IOException(
          command[0] + " does not start: install the packages tgt and libiscsi-bin", e);
    }
  }

  /** A TCP port of the loopback address that nobody listens on now. */
  static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until something listens on the loopback port, or the process has ended. */
  static void awaitPort(Process process, int port) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + BenchLimits.START.toNanos();
    while (System.nanoTime() < deadline) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return;
      } catch (IOException e) {
        if (!process.isAlive()) {
          throw new IOException("the server ended with " + process.exitValue(), e);
        }
        Thread.sleep(50);
      }
    }
    throw new IOException("nothing listens on port " + port + " after " + BenchLimits.START);
  }

  /** Waits until a line of a process's log begins like this, or the process has ended. */
  static void awaitLine(Process process, Path log, String beginning)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + BenchLimits.START.toNanos();
    while (System.nanoTime() < deadline) {
      boolean alive = process.isAlive();
      if (Files.readAllLines(log).stream().anyMatch(line -> line.startsWith(beginning))) {
        return;
      }
      if (!alive) {
        throw new IOException("the server ended with " + process.exitValue() + ": see " + log);
      }
      Thread.sleep(50);
    }
    throw new IOException("%s holds no '%s' after %s".formatted(log, beginning, BenchLimits.START));
  }

  /** Bytes of a process that are resident and its own: files that it maps are not. */
  static long ownMemory(Process process) throws IOException {
    return memory(process, "RssAnon:");
  }

  /** Bytes of a line of the process's status. */
  static long memory(Process process, String name) throws IOException {
    return field(Path.of("/proc/" + process.pid() + "/status"), name) * 1024;
  }

  /** The number in the line of a file that begins with {@code name}. */
  static long field(Path file, String name) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(name)) {
        return Long.parseLong(List.of(line.substring(name.length()).strip().split(" ")).getFirst());
      }
    }
    throw new IOException(file + " has no " + name);
  }

  /** Processor time, user and system, that a process has used, in microseconds. */
  static long cpuMicros(Process process) throws IOException {
    return cpuMicros(process.toHandle());
  }

  static long cpuMicros(ProcessHandle process) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    long ticks = Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
    return ticks * 10_000; // USER_HZ is 100 on every Linux that runs a JVM
  }
}
