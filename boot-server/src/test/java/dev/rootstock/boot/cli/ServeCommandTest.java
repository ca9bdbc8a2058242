// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.serve.Server;
import java.io.RandomAccessFile;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server cannot start with, and what one that was stopped leaves behind. */
class ServeCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;
  private CommandLineHarness commands;

  @BeforeEach
  void configure() throws Exception {
    commands = new CommandLineHarness(folder);
  }

  @Test
  void aPortThatIsTakenIsNamedAndNothingIsMade() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String portal = "127.0.0.1:" + taken.getLocalPort();
      CommandLineHarness busy =
          new CommandLineHarness(folder, "iscsi: {listen: [\"%s\"]}\n".formatted(portal));
      List<String> before = CommandLineHarness.tree(folder);
      String line = busy.failed("serve");
      assertTrue(line.contains(portal), line);
      assertEquals(before, CommandLineHarness.tree(folder));
    }
  }

  /** Another program may take one port in between, and not one after the other. */
  @Test
  void aSecondPortThatIsTakenLeavesTheFirstFree() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (int attempt = 1; ; attempt++) {
        int free;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
          free = probe.getLocalPort();
        }
        CommandLineHarness busy =
            new CommandLineHarness(
                folder,
                "iscsi: {listen: [\"127.0.0.1:%d\", \"127.0.0.1:%d\"]}\n"
                    .formatted(free, taken.getLocalPort()));
        busy.failed("serve");
        try {
          new ServerSocket(free, 1, InetAddress.getLoopbackAddress()).close();
          return;
        } catch (BindException e) {
          assertTrue(attempt < 10, e.toString());
        }
      }
    }
  }

  @Test
  void anInterfaceThatIsMissingIsNamedAndNothingIsMade() throws Exception {
    CommandLineHarness missing =
        new CommandLineHarness(
            folder,
            """
            iscsi: {listen: ["127.0.0.1:0"]}
            dhcp: {mode: server, interface: nope0, range: 10.0.0.1-10.0.0.9}
            """);
    List<String> before = CommandLineHarness.tree(folder);
    String line = missing.failed("serve");
    assertTrue(line.startsWith("there is no network interface 'nope0'"), line);
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  @Test
  void aRangeOutsideTheInterfacesNetworkIsRefused() throws Exception {
    CommandLineHarness wrong =
        new CommandLineHarness(
            folder, "dhcp: {mode: server, interface: lo, range: 10.9.0.1-10.9.0.9}\n");
    List<String> before = CommandLineHarness.tree(folder);
    String line = wrong.failed("serve");
    assertTrue(line.contains("the range 10.9.0.1-10.9.0.9 is not inside 127.0.0.1/8"), line);
    assertEquals(before, CommandLineHarness.tree(folder));
  }

  @Test
  void clientsAreNotSentToAnAddressThatNobodyListensOn() throws Exception {
    CommandLineHarness wrong =
        new CommandLineHarness(folder, "server: 192.0.2.1\niscsi: {listen: [\"127.0.0.1:0\"]}\n");
    String line = wrong.failed("serve");
    assertTrue(line.contains("192.0.2.1") && line.contains("iscsi.listen"), line);
  }

  @Test
  void aDataDirectoryInUseIsRefusedNamingItsUser() throws Exception {
    try (Server server = commands.serve()) {
      List<String> before = CommandLineHarness.tree(folder);
      String line = commands.failed("serve");
      assertTrue(line.contains(commands.data + " is in use by this process"), line);
      assertEquals(before, CommandLineHarness.tree(folder));
      assertEquals(1, server.ready().size());
    }
  }

  @Test
  void aDamagedRegistryStopsTheStartAndStays() throws Exception {
    commands.importDebian();
    Path registry = commands.data.resolve(Registry.FILE);
    Files.writeString(registry, "no registry\nat all\n");
    String line = commands.failed("serve");
    assertTrue(line.contains(registry + " is damaged: the record at byte 0"), line);
    assertEquals("no registry\nat all\n", Files.readString(registry));
  }

  @Test
  void aStoppedServerLeavesNoSocketBehind() throws Exception {
    commands.serve().close();
    assertFalse(CommandLineHarness.tree(folder).contains("data/control.sock"));
    commands.importDebian();
  }

  /** A command that was under way is told, and does not hold the stop up. */
  @Test
  void aStopUnderACommandLeavesNothingHalfMade() throws Exception {
    Path image = folder.resolve("big.raw");
    try (RandomAccessFile sparse = new RandomAccessFile(image.toFile(), "rw")) {
      sparse.setLength(8L << 30);
    }
    CompletableFuture<CommandLineHarness.Result> running;
    try (Server server = commands.serve()) {
      assertFalse(server.ready().isEmpty());
      running =
          CompletableFuture.supplyAsync(
              () -> commands.run("image", "import", image.toString(), "--name", "big"));
      Path images = commands.data.resolve("images");
      for (int i = 0; i < 2_400 && CommandLineHarness.tree(images).size() == 1; i++) {
        Thread.sleep(25);
      }
    }
    CommandLineHarness.Result result = running.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertEquals(Command.FAILED, result.status(), result.out());
    CommandLineHarness.oneLine(result);
    assertTrue(commands.done("image", "list").startsWith("no images"));
  }

  @Test
  void onlyTheServersUserMayCommandIt() throws Exception {
    try (Server server = commands.serve()) {
      assertFalse(server.ready().isEmpty());
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(commands.data.resolve("control.sock"))));
    }
  }
}
