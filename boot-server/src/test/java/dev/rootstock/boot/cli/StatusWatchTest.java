// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rootstock.boot.serve.Server;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code status --watch} beside servers that come and go. */
class StatusWatchTest {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void start() throws Exception {
    commands = new CommandLineHarness(folder);
    commands.importDebian();
  }

  /** A watch that runs until it is closed. */
  private final class Watch implements AutoCloseable {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Thread thread;

    Watch(boolean terminal, String... more) {
      List<String> words = new ArrayList<>(List.of("status", "--watch"));
      words.addAll(List.of("--config", commands.configuration.toString()));
      words.addAll(List.of(more));
      Console console =
          new Console(
              new PrintStream(out, true, StandardCharsets.UTF_8),
              new PrintStream(err, true, StandardCharsets.UTF_8),
              terminal,
              false);
      thread = Thread.ofPlatform().start(() -> Main.run(words.toArray(new String[0]), console));
    }

    String said() {
      return err.toString(StandardCharsets.UTF_8);
    }

    String shown() {
      return out.toString(StandardCharsets.UTF_8);
    }

    void await(Predicate<Watch> condition) throws InterruptedException {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (!condition.test(this)) {
        assertTrue(thread.isAlive() && System.nanoTime() < until, () -> shown() + said());
        Thread.sleep(10);
      }
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }

  /** The data are free between two looks, so that a server may start beside it. */
  @Test
  void aWatchGoesOnOverTheEndAndTheStartOfAServer() throws Exception {
    try (Watch watch = new Watch(false)) {
      watch.await(each -> each.said().equals("rootstock: no server runs: waiting for one\n"));
      try (Server _ = commands.serve()) {
        commands.done("client", "add", "alpha", "--image", "debian", "--mac", "52:54:00:77:00:01");
        watch.await(each -> each.shown().contains("alpha"));
      }
      watch.await(each -> each.said().lines().count() == 2);
      try (Server _ = commands.serve()) {
        commands.done("client", "add", "beta", "--image", "debian", "--mac", "52:54:00:77:00:02");
        watch.await(each -> each.shown().contains("beta"));
      }
      assertTrue(watch.shown().startsWith("at 20"), watch.shown());
    }
  }

  @Test
  void forProgramsEachLineIsWhole() throws Exception {
    try (Server _ = commands.serve();
        Watch watch = new Watch(true, "--json")) {
      watch.await(each -> each.shown().endsWith("\n"));
      commands.done("client", "add", "alpha", "--image", "debian", "--mac", "52:54:00:77:00:01");
      watch.await(each -> each.shown().lines().count() >= 2 && each.shown().endsWith("\n"));
      List<JsonNode> all = new ArrayList<>();
      for (String line : watch.shown().lines().toList()) {
        all.add(new ObjectMapper().readTree(line));
      }
      assertTrue(all.getFirst().get("clients").isEmpty());
      assertEquals("alpha", all.getLast().get("clients").get(0).get("name").asText());
    }
  }

  @Test
  void onATerminalTheLastOneIsDrawnOver() throws Exception {
    try (Server _ = commands.serve();
        Watch watch = new Watch(true)) {
      watch.await(each -> each.shown().contains("no clients"));
      assertTrue(watch.shown().startsWith("\u001b[H\u001b[J"), watch.shown());
    }
  }
}
