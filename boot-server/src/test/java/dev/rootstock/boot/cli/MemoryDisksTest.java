// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all disks in memory may take together, as machines meet it. */
class MemoryDisksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A boot of a disk in memory begins with a login of firmware. */
  private static final Isid FIRMWARE = new Isid(0x4000_2723_0001L);

  private static final int PIECE = 256 << 10;
  private static final int DISK = 48 << 20;

  /** Less than one of these disks takes when it is written whole. */
  private static final int LIMIT = 40 << 20;

  /** What the first machine writes of its own. */
  private static final int FIRST = 32;

  @TempDir Path folder;
  private Path memory;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    memory = Files.createTempDirectory(LocalImageStore.MEMORY, "rootstock-test-");
    commands =
        new CommandLineHarness(
            folder,
            """
            iscsi: {listen: ["127.0.0.1:0"]}
            memory: {directory: %s, disks: %d}
            """
                .formatted(memory, LIMIT));
    commands.done("image", "create", "blank", "--size", String.valueOf(DISK));
    for (String client : List.of("alpha", "beta")) {
      commands.done(
          "client",
          "add",
          client,
          "--image",
          "blank",
          "--mode",
          "memory",
          "--initiator",
          name(client));
    }
  }

  private static String name(String client) {
    return "iqn.2000-01.com.example:" + client;
  }

  @AfterEach
  void removeMemory() throws Exception {
    List<Path> left;
    try (Stream<Path> tree = Files.walk(memory)) {
      left = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : left) {
      Files.delete(path);
    }
  }

  private Initiator login(Server server, String client) throws Exception {
    JsonNode shown = commands.run("client", "show", client, "--json").json();
    Initiator machine =
        Initiator.login(
            CommandLineHarness.portal(server),
            LoginOptions.normal(name(client), shown.get("target").asText()).withIsid(FIRMWARE),
            PATIENCE);
    byte[] testUnitReady = new byte[16];
    assertEquals("06/29/00", machine.read(0, testUnitReady, 0).senseCode());
    assertTrue(machine.read(0, testUnitReady, 0).good());
    return machine;
  }

  private static byte[] piece(int number) {
    byte[] piece = new byte[PIECE];
    Arrays.fill(piece, (byte) (number + 1));
    return piece;
  }

  private static CommandResult write(Initiator machine, int number) throws Exception {
    return machine.writeBlocks(0, (long) number * PIECE / 512, piece(number));
  }

  private static void reads(Initiator machine, int pieces) throws Exception {
    for (int i = 0; i < pieces; i++) {
      CommandResult read = machine.readBlocks(0, (long) i * PIECE / 512, PIECE / 512);
      assertTrue(read.good(), read.senseCode());
      assertArrayEquals(piece(i), read.data());
    }
  }

  /** SBC-3: a soft threshold is a unit attention, and its command is tried again. */
  @Test
  void aMachineIsWarnedBeforeItIsRefusedAndGoesOnWhenThereIsRoom() throws Exception {
    try (Server server = commands.serve()) {
      try (Initiator alpha = login(server, "alpha");
          Initiator beta = login(server, "beta")) {
        for (int i = 0; i < FIRST; i++) {
          assertTrue(write(alpha, i).good());
        }
        int written = 0;
        int warned = 0;
        CommandResult last = write(beta, 0);
        while (last.good() || last.senseCode().equals("06/38/07")) {
          if (last.good()) {
            written++;
          } else {
            warned++;
          }
          assertTrue(written < DISK / PIECE, "no limit");
          last = write(beta, written);
        }
        assertEquals("07/27/07", last.senseCode());
        assertEquals(1, warned);
        assertTrue(written > 0);
        reads(alpha, FIRST);
        reads(beta, written);
        assertTrue(write(beta, 0).good(), "what has its place is overwritten");
        alpha.logout();
        commands.done("client", "remove", "alpha", "--force");
        assertTrue(write(beta, written).good());
        reads(beta, written + 1);
        beta.logout();
      }
    }
  }
}
