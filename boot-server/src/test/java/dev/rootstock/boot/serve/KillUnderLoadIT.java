// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real process is killed in the middle of what several initiators write, again and again: every
 * overlay is sound as the kill has left it, and every write that was acknowledged is read back.
 */
class KillUnderLoadIT {
  private static final int ROUNDS = Boolean.getBoolean("rootstock.long") ? 20 : 3;
  private static final int SIZE = 16 << 20;
  private static final int BLOCK = 512;
  private static final List<String> CLIENTS = List.of("alpha", "beta");

  /** Initiators of one client; each writes a part of its disk that is its own. */
  private static final int INITIATORS = 2;

  private static final long PATIENCE_SECONDS = 120;
  private static final Pattern READY = Pattern.compile("ready iscsi 127\\.0\\.0\\.1:(\\d+)");

  @TempDir Path folder;
  private final List<Process> running = new ArrayList<>();
  private final List<byte[]> models = new ArrayList<>();

  @BeforeEach
  void configure() throws Exception {
    Files.writeString(
        folder.resolve("rootstock.yaml"), "data: data\niscsi: {listen: [\"127.0.0.1:0\"]}\n");
    byte[] content = new byte[SIZE];
    new Random(4173).nextBytes(content);
    Path golden = Files.write(folder.resolve("golden.raw"), content);
    rootstock("image", "import", golden.toString(), "--name", "debian");
    for (String client : CLIENTS) {
      rootstock("client", "add", client, "--image", "debian");
      models.add(content.clone());
    }
  }

  @AfterEach
  void endWhatRuns() throws Exception {
    for (Process process : running) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatWasAcknowledgedIsThereAfterAKill() throws Exception {
    Server server = serve();
    for (int round = 0; round < ROUNDS; round++) {
      Semaphore acknowledged = new Semaphore(0);
      List<Writer> writers = new ArrayList<>();
      for (int i = 0; i < CLIENTS.size() * INITIATORS; i++) {
        Writer writer = new Writer(server, round, i, acknowledged);
        writers.add(writer);
        writer.start();
      }
      assertTrue(
          acknowledged.tryAcquire(100 + 150 * (round % 4), PATIENCE_SECONDS, TimeUnit.SECONDS));
      kill(server.process);
      for (Writer writer : writers) {
        writer.end();
      }
      for (String client : CLIENTS) {
        checkOverlay(client);
      }
      server = serve();
      for (int i = 0; i < CLIENTS.size(); i++) {
        byte[] disk = read(server, CLIENTS.get(i));
        for (Writer writer : writers.subList(i * INITIATORS, (i + 1) * INITIATORS)) {
          writer.settle(models.get(i), disk);
        }
        assertEquals(-1, Arrays.mismatch(models.get(i), disk), "round " + round);
      }
    }
    rootstock("image", "verify", "debian");
    System.out.printf(
        "long: %d kills in mid-write of %d initiators, every acknowledged write read back%n",
        ROUNDS, CLIENTS.size() * INITIATORS);
  }

  /** One write after the other, by QEMU's initiator; the next when the last is acknowledged. */
  private final class Writer extends Thread {
    private final Process process;
    private final Random random;
    private final int first;
    private final byte[] model;
    private final Semaphore acknowledged;
    private volatile boolean ending;
    private @Nullable Exception failure;
    private int offset;
    private int length;
    private byte pattern;

    Writer(Server server, int round, int number, Semaphore acknowledged) throws IOException {
      int client = number / INITIATORS;
      this.model = models.get(client);
      this.first = number % INITIATORS * (SIZE / INITIATORS);
      this.random = new Random(100L * round + number);
      this.acknowledged = acknowledged;
      this.process =
          started("stdbuf", "-oL", "qemu-io", "-f", "raw", server.url(CLIENTS.get(client)));
    }

    @Override
    public void run() {
      try (var out = process.inputReader();
          var in = process.outputWriter()) {
        while (true) {
          int blocks = 1 + random.nextInt(random.nextBoolean() ? 8 : 200);
          offset = first + BLOCK * random.nextInt(SIZE / INITIATORS / BLOCK - blocks);
          length = BLOCK * blocks;
          pattern = (byte) random.nextInt(256);
          in.write("write -P %d %d %d\n".formatted(pattern & 0xFF, offset, length));
          in.flush();
          String line = out.readLine();
          while (line != null && !line.contains("wrote ")) {
            line = out.readLine();
          }
          if (line == null) {
            throw new IOException("it ended");
          }
          if (!line.contains("wrote %d/%d bytes at offset %d".formatted(length, length, offset))) {
            throw new IOException(line);
          }
          Arrays.fill(model, offset, offset + length, pattern);
          acknowledged.release();
        }
      } catch (IOException e) {
        failure = ending ? null : e; // its pipes close with it
      }
    }

    /** What it was not told by now it is never told. */
    void end() throws InterruptedException {
      ending = true;
      kill(process);
      join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      assertTrue(!isAlive(), "an initiator's output does not end");
      if (failure != null) {
        throw new AssertionError("an initiator was refused", failure);
      }
    }

    /** Takes over what the last write did, each block of which may be old or new. */
    void settle(byte[] expected, byte[] found) {
      for (int at = offset; at < offset + length; at += BLOCK) {
        boolean whole = true;
        for (int i = at; i < at + BLOCK; i++) {
          whole &= found[i] == pattern;
        }
        if (whole) {
          Arrays.fill(expected, at, at + BLOCK, pattern);
        }
      }
    }
  }

  /** Before the next start: leaked clusters (exit 3) are all that a kill may leave. */
  private void checkOverlay(String client) throws Exception {
    Path overlay = folder.resolve("data/clients/%s.qcow2".formatted(client));
    Process check = started("qemu-img", "check", "-f", "qcow2", overlay.toString());
    String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = ended(check);
    assertTrue(exit == 0 || exit == 3, exit + "\n" + said);
  }

  private byte[] read(Server server, String client) throws Exception {
    Path copy = folder.resolve("copy.raw");
    run("qemu-img", "convert", "-O", "raw", server.url(client), copy.toString());
    return Files.readAllBytes(copy);
  }

  private static void kill(Process process) throws InterruptedException {
    process.destroyForcibly(); // SIGKILL
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  /** The server that runs. */
  private record Server(Process process, int port, List<String> targets) {
    String url(String client) {
      return "iscsi://127.0.0.1:%d/%s/0".formatted(port, targets.get(CLIENTS.indexOf(client)));
    }
  }

  private Server serve() throws Exception {
    List<String> targets = new ArrayList<>();
    for (String client : CLIENTS) {
      targets.add(
          rootstock("client", "show", client)
              .lines()
              .filter(line -> line.startsWith("target "))
              .map(line -> line.substring(line.indexOf("iqn.")))
              .findFirst()
              .orElseThrow());
    }
    Path log = folder.resolve("server.log");
    Process process =
        new ProcessBuilder(java("serve"))
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    running.add(process);
    String line = process.inputReader().readLine();
    Matcher ready = READY.matcher(line == null ? Files.readString(log) : line);
    assertTrue(ready.find(), line);
    return new Server(process, Integer.parseInt(ready.group(1)), targets);
  }

  private static List<String> java(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.rootstock.boot.cli.Main"));
    command.addAll(List.of(words));
    return command;
  }

  private String rootstock(String... words) throws Exception {
    return run(java(words).toArray(new String[0]));
  }

  private Process started(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    running.add(process);
    return process;
  }

  private static int ended(Process process) throws InterruptedException {
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS));
    return process.exitValue();
  }

  /** Runs a program that must succeed; what it printed. */
  private String run(String... command) throws Exception {
    Process process = started(command);
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, ended(process), () -> String.join(" ", command) + "\n" + said);
    return said;
  }
}
