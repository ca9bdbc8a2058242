// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.AsyncMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real process on loopback, with QEMU's initiator as its client and qemu-img as the judge. */
class ServeIT {
  private static final long PATIENCE_SECONDS = 120;
  private static final String RESERVATION_KEY = "0123456789abcdef";
  private static final int RESERVATION_CONFLICT = 0x18;
  private static final Pattern READY = Pattern.compile("ready iscsi 127\\.0\\.0\\.1:(\\d+)");

  @TempDir Path folder;
  private Path golden;
  private @Nullable Process server;
  private int port;

  @BeforeEach
  void configure() throws Exception {
    Files.writeString(
        folder.resolve("rootstock.yaml"), "data: data\niscsi: {listen: [\"127.0.0.1:0\"]}\n");
    byte[] content = new byte[16 << 20];
    new Random(4173).nextBytes(content);
    golden = Files.write(folder.resolve("golden.raw"), content);
    rootstock("image", "import", golden.toString(), "--name", "debian");
    rootstock("client", "add", "alpha", "--image", "debian");
    rootstock("client", "add", "beta", "--image", "debian", "--size", "32M");
  }

  @AfterEach
  void killServer() throws Exception {
    if (server != null) {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void aServedDiskEqualsItsGoldenImage() throws Exception {
    start();
    Path copy = folder.resolve("copy.raw");
    assertEquals("", run("qemu-img", "convert", "-O", "raw", url("alpha"), copy.toString()));
    assertEquals(-1, Files.mismatch(golden, copy));
    assertEquals(0, stop());
  }

  @Test
  void whatWasWrittenIsThereAfterKillNineAndQemuFindsTheOverlayClean() throws Exception {
    start();
    // 3 MiB that cross clusters, half a cluster, one block, and a block after the image's end.
    io("alpha", "write -P 0x5a 1M 3M", "write -P 0x11 8224K 32K", "write -P 0x77 4096 512");
    io("beta", "write -P 0x33 20M 64K", "flush");
    kill();
    start();
    io(
        "alpha",
        "read -P 0x5a 1M 3M",
        "read -P 0x11 8224K 32K",
        "read -P 0x77 4096 512",
        "write -P 0x99 1M 4K");
    io("beta", "read -P 0x33 20M 64K", "read -P 0 24M 8M");
    assertEquals(0, stop());
    for (String client : List.of("alpha", "beta")) {
      run("qemu-img", "check", overlay(client));
    }
    // Outside of what they wrote both disks are the golden image: their first differences are
    // alpha's first write, and the end of the image that beta's larger disk goes on behind.
    assertEquals(4096, Files.mismatch(golden, flat("alpha")));
    assertEquals(Files.size(golden), Files.mismatch(golden, flat("beta")));
    rootstock("image", "verify", "debian");
    assertEquals(-1, Files.mismatch(golden, folder.resolve("data/images/debian/1.raw")));
  }

  /** SPC-4 §5.13.5, APTPL: whoever registers says that it is to survive power loss. */
  @Test
  void aReservationThatIsToSurvivePowerLossSurvivesKillNine() throws Exception {
    start();
    try (Initiator holder = login("alpha", 1)) {
      reserve(holder, "5f000000000000001800", "0000000000000000" + RESERVATION_KEY, "01");
      reserve(holder, "5f010100000000001800", RESERVATION_KEY + "0000000000000000", "00");
    }
    kill();
    start();
    try (Initiator holder = login("alpha", 1);
        Initiator other = login("alpha", 2)) {
      byte[] reservation =
          other.read(0, HexFormat.of().parseHex("5e010000000000001800"), 24).data();
      assertEquals(
          "00000000" + "00000010" + RESERVATION_KEY + "00000000" + "0001" + "0000",
          HexFormat.of().formatHex(reservation));
      byte[] block = new byte[512];
      assertEquals(RESERVATION_CONFLICT, other.writeBlocks(0, 0, block).status());
      assertTrue(holder.writeBlocks(0, 0, block).good());
    }
    assertEquals(0, stop());
  }

  private static void reserve(Initiator by, String cdb, String keys, String flags)
      throws Exception {
    byte[] list = HexFormat.of().parseHex(keys + "00000000" + flags + "000000");
    assertTrue(by.write(0, HexFormat.of().parseHex(cdb), list).good());
  }

  /** Two clients of one image see their own writes only. */
  @Test
  void clientsDoNotSeeEachOther() throws Exception {
    start();
    io("alpha", "write -P 0x5a 64K 64K", "flush");
    io("beta", "write -P 0x77 64K 64K", "flush");
    io("alpha", "read -P 0x5a 64K 64K");
    io("beta", "read -P 0x77 64K 64K");
    assertEquals(0, stop());
  }

  @Test
  void aSignalStopsItInOrder() throws Exception {
    start();
    io("alpha", "write -P 0x5a 0 4K");
    assertEquals(0, stop());
    assertFalse(Files.exists(folder.resolve("data/control.sock")));
    start();
    io("alpha", "read -P 0x5a 0 4K");
    assertEquals(0, stop());
  }

  /** RFC 7143 §11.9.1: those that can be asked are asked to log out, and the others are closed. */
  @Test
  void aSignalAsksOperatingSystemsToLogOut() throws Exception {
    Process serving = start();
    try (Initiator system = login("alpha");
        Initiator firmware = login("beta")) {
      system.ping(new byte[0]);
      serving.destroy();
      AsyncMessage message = assertInstanceOf(AsyncMessage.class, system.receive());
      assertEquals(AsyncMessage.LOGOUT_REQUEST, message.event());
      assertTrue(firmware.socket().atEnd());
      // It is served until it goes.
      assertTrue(system.readBlocks(0, 0, 1).good());
      assertEquals(0, system.logout());
      assertTrue(serving.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not stop");
      assertEquals(0, serving.exitValue());
    }
  }

  @Test
  void aSignalDropsThoseThatDoNotLogOutWhenTheyAreAsked() throws Exception {
    Process serving = start();
    try (Initiator system = login("alpha")) {
      system.ping(new byte[0]);
      serving.destroy();
      AsyncMessage request = assertInstanceOf(AsyncMessage.class, system.receive());
      assertEquals(AsyncMessage.LOGOUT_REQUEST, request.event());
      AsyncMessage dropped = assertInstanceOf(AsyncMessage.class, system.receive());
      assertEquals(AsyncMessage.SESSION_DROPPED, dropped.event());
      assertTrue(system.socket().atEnd());
      assertTrue(serving.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not stop");
      assertEquals(0, serving.exitValue());
    }
  }

  /** A session whose unit attention of a power-on has been told already. */
  private Initiator login(String client) throws Exception {
    return login(client, 1);
  }

  private Initiator login(String client, int isid) throws Exception {
    Initiator initiator =
        Initiator.login(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            LoginOptions.normal("iqn.2001-04.com.example:" + client, target(client))
                .withIsid(new Isid(isid)),
            Duration.ofSeconds(PATIENCE_SECONDS));
    initiator.read(0, new byte[6], 0);
    return initiator;
  }

  @Test
  void portalGroupsAreConfiguredAndTold() throws Exception {
    Files.writeString(
        folder.resolve("rootstock.yaml"),
        "data: data\niscsi: {listen: {5: [\"127.0.0.1:0\"], 7: [\"127.0.0.1:0\"]}}\n");
    start();
    String found = rootstock("discover", "--sendtargets", "127.0.0.1:" + port);
    assertTrue(
        found.contains("alpha  127.0.0.1:%d,5 127.0.0.1:".formatted(port)) && found.contains(",7"),
        found);
    assertEquals(0, stop());
  }

  /** Secrets stand in files; what they prove decides over what is told. */
  @Test
  void discoveryProvesItselfByChapBothWays() throws Exception {
    Path own = secret("own", "a-secret-of-alpha");
    Path targets = secret("targets", "a-secret-of-the-target");
    Path wrong = secret("wrong", "a-secret-of-nobody");
    rootstock(
        "client",
        "chap",
        "alpha",
        "--secret-file",
        own.toString(),
        "--mutual-secret-file",
        targets.toString());
    start();
    String portal = "127.0.0.1:" + port;
    List<String> ask =
        List.of("discover", "--sendtargets", portal, "--chap-user", "alpha", "--secret-file");
    assertFalse(rootstock("discover", "--sendtargets", portal).contains(":alpha"));
    String proved =
        rootstock(with(ask, own.toString(), "--mutual-secret-file", targets.toString()));
    assertTrue(proved.contains(":alpha"), proved);
    String refused = fails(with(ask, wrong.toString()));
    assertTrue(refused.contains("refuses a discovery session"), refused);
    String impostor = fails(with(ask, own.toString(), "--mutual-secret-file", wrong.toString()));
    assertTrue(impostor.contains("has not proved that it is rootstock"), impostor);
    assertEquals(0, stop());
  }

  private Path secret(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name + ".secret"), text + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static String[] with(List<String> words, String... more) {
    return Stream.concat(words.stream(), Stream.of(more)).toArray(String[]::new);
  }

  /** Runs a command that has to fail; what it said, in one line. */
  private String fails(String... words) throws Exception {
    Process process =
        new ProcessBuilder(java(words))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor(), output);
    assertEquals(1, output.lines().count(), output);
    return output;
  }

  @Test
  void aSecondServerNamesTheProcessThatHasTheData() throws Exception {
    Process first = start();
    List<String> command = java("serve");
    Process second =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, second.waitFor(), output);
    assertEquals(1, output.lines().count(), output);
    assertTrue(output.contains("process " + first.pid()), output);
    io("alpha", "read 0 4K");
    assertEquals(0, stop());
  }

  @Test
  void withoutAFileItServesFromTheWorkingDirectory() throws Exception {
    Files.delete(folder.resolve("rootstock.yaml"));
    Path fresh = Files.createDirectory(folder.resolve("fresh"));
    List<String> plain = new ArrayList<>(java("image", "import", golden.toString()));
    plain.addAll(List.of("--name", "debian"));
    run(fresh, plain);
    assertTrue(Files.exists(fresh.resolve("rootstock-data/images/debian/1.raw")));
  }

  // ---- scaffolding ----

  /** A copy of a client's disk as qemu-img reads its overlay. */
  private Path flat(String client) throws Exception {
    Path flat = folder.resolve(client + ".raw");
    run("qemu-img", "convert", "-O", "raw", overlay(client), flat.toString());
    return flat;
  }

  private String overlay(String client) {
    return folder.resolve("data/clients/" + client + ".qcow2").toString();
  }

  private Process start() throws Exception {
    Process process =
        new ProcessBuilder(java("serve"))
            .directory(folder.toFile())
            .redirectError(folder.resolve("serve.log").toFile())
            .start();
    server = process;
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    Matcher matcher = READY.matcher(String.valueOf(line));
    assertTrue(matcher.matches(), () -> line + "\n" + read(folder.resolve("serve.log")));
    port = Integer.parseInt(matcher.group(1));
    return process;
  }

  /** SIGTERM; the exit status. */
  private int stop() throws Exception {
    Process process = Objects.requireNonNull(server);
    process.destroy();
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not stop");
    return process.exitValue();
  }

  private void kill() throws Exception {
    Objects.requireNonNull(server).destroyForcibly().waitFor();
  }

  private String url(String client) throws Exception {
    return "iscsi://127.0.0.1:%d/%s/0".formatted(port, target(client));
  }

  private String target(String client) throws Exception {
    String shown = rootstock("client", "show", client);
    return shown
        .lines()
        .filter(line -> line.startsWith("target "))
        .map(line -> line.substring(line.indexOf("iqn.")))
        .findFirst()
        .orElseThrow();
  }

  private void io(String client, String... commands) throws Exception {
    List<String> words = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(url(client));
    String output = run(folder, words);
    assertFalse(output.contains("Pattern verification failed"), output);
    // QEMU tells of every command that a target refuses.
    assertFalse(output.contains("failed"), output);
  }

  private String rootstock(String... words) throws Exception {
    return run(folder, java(words));
  }

  private static List<String> java(String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dio.netty.allocator.type=pooled",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.rootstock.boot.cli.Main"));
    command.addAll(List.of(words));
    return command;
  }

  private String run(String... command) throws Exception {
    return run(folder, List.of(command));
  }

  /** Runs a program that must succeed; what it printed. */
  private static String run(Path directory, List<String> command) throws Exception {
    Path output = Files.createTempFile(directory, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    String text = read(output);
    assertEquals(0, process.waitFor(), () -> String.join(" ", command) + "\n" + text);
    return text;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
