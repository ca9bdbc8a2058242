// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.net.ForeignProgram;
import dev.rootstock.target.Portal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Open-iSNS's discovery daemon makes of what our server says unasked: notifications (RFC 4171
 * §5.6.5.8) and status inquiries (§5.6.5.13). It runs in a mount namespace of its own, because the
 * file by which it is told whom to register has a fixed place in {@code /run}.
 */
class IsnsddIT {
  private static final String INITIATOR = "iqn.2001-04.com.example:me";
  private static final String MINE = "iqn.2026-11.dev.rootstock:test:mine";
  private static final String LATER = "iqn.2026-11.dev.rootstock:test:later";

  /** The server's seconds pass so much faster: its shortest interval of inquiries is 20 of them. */
  private static final int FASTER = 20;

  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path folder;
  private final Map<String, String> targets = new ConcurrentHashMap<>(Map.of(MINE, INITIATOR));
  private @Nullable IsnsServer server;
  private @Nullable Process daemon;

  @BeforeEach
  void start() throws Exception {
    long begun = Instant.now().getEpochSecond();
    long nanos = System.nanoTime();
    LongSupplier seconds =
        () -> begun + FASTER * TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos) / 1_000;
    IsnsServer started =
        IsnsServer.start(
            new IsnsSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                List.of(new Portal(new InetSocketAddress("10.77.0.1", 3260))),
                "iqn.2026-11.dev.rootstock:test"),
            new FakeIsnsTargets(targets),
            Duration.ofMillis(50),
            seconds);
    server = started;
    Path told = Files.writeString(folder.resolve("told"), "#!/bin/sh\necho \"$*\" >>$0.txt\n");
    Files.setPosixFilePermissions(told, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createFile(folder.resolve("told.txt"));
    Files.writeString(
        folder.resolve("isns.conf"),
        """
        SourceName = %s
        ServerAddress = 127.0.0.1:%d
        Security = 0
        PIDFile = %s
        SCNCallout = %s
        ESIMinInterval = 20s
        """
            .formatted(INITIATOR, started.address().getPort(), folder.resolve("pid"), told));
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(
        folder.resolve("run/isns.registry"),
        """
        iscsi-name=%s iscsi-node-type=initiator owner=test
        portal-addr=127.0.0.1 portal-port=3260/tcp owner=test
        """
            .formatted(INITIATOR));
    daemon =
        new ProcessBuilder(
                "unshare",
                namespaces(),
                "sh",
                "-c",
                "mount --bind \"$1\" /run && exec \"$2\" -4 -f -d message -c \"$3\"",
                "sh",
                folder.resolve("run").toString(),
                isnsdd().toString(),
                folder.resolve("isns.conf").toString())
            .redirectErrorStream(true)
            .redirectOutput(log().toFile())
            .start();
  }

  /** Root needs no user namespace; others do. */
  private String namespaces() throws Exception {
    for (String each : List.of("-m", "-rm")) {
      if (ForeignProgram.run(folder, "unshare", each, "true").exit() == 0) {
        return each;
      }
    }
    throw new IOException(
        "'unshare -rm true' fails: run the tests as root, or allow user namespaces");
  }

  /** Fetched and unpacked, never installed: an installed daemon would start on this computer. */
  private static Path isnsdd() throws Exception {
    Path packages = Path.of("build", "packages").toAbsolutePath();
    Path program = packages.resolve("open-isns/usr/sbin/isnsdd");
    if (!Files.isExecutable(program)) {
      Files.createDirectories(packages);
      run(packages, "sh", "-c", "rm -f open-isns-*.deb && apt-get download open-isns-discoveryd");
      run(packages, "sh", "-c", "dpkg-deb -x open-isns-discoveryd_*.deb open-isns");
    }
    return program;
  }

  private static void run(Path folder, String... command) throws Exception {
    ForeignProgram.Result result = ForeignProgram.run(folder, command);
    assertEquals(0, result.exit(), result.output());
  }

  @AfterEach
  void stop() throws Exception {
    if (daemon != null) {
      daemon.destroyForcibly().waitFor();
    }
    if (server != null) {
      server.close();
    }
  }

  private Path log() {
    return folder.resolve("isnsdd.txt");
  }

  /** Waits for a text in a file that somebody else writes. */
  private void await(Path file, String text) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(file) || !read(file).contains(text)) {
      assertTrue(System.nanoTime() < until, "no '" + text + "' in " + read(file) + read(log()));
      Thread.sleep(20);
    }
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
  }

  /** What isnsadm lists, in the name of the daemon's initiator. */
  private String nodes() throws Exception {
    ForeignProgram.Result result =
        ForeignProgram.run(
            folder,
            "isnsadm",
            "--config",
            folder.resolve("isns.conf").toString(),
            "--list",
            "nodes");
    assertEquals(0, result.exit(), result.output());
    return result.output();
  }

  /** What was found goes to the file for whoever wants to log in, and a program is run. */
  @Test
  void isToldOfEachTargetThatComesAndGoes() throws Exception {
    await(folder.resolve("run/isns.registry"), "iscsi-name=\"" + MINE + "\"");
    targets.put(LATER, INITIATOR);
    await(folder.resolve("told.txt"), "add iscsi-name=\"" + LATER + "\"");
    await(folder.resolve("run/isns.registry"), "iscsi-name=\"" + LATER + "\"");
    targets.remove(MINE);
    await(folder.resolve("told.txt"), "remove iscsi-name=\"" + MINE + "\"");
    targets.put("iqn.2026-11.dev.rootstock:test:others", "iqn.2001-04.com.example:other");
    targets.remove(LATER);
    await(folder.resolve("told.txt"), "remove iscsi-name=\"" + LATER + "\"");
    assertFalse(read(folder.resolve("told.txt")).contains("others"));
    assertFalse(read(log()).contains("Unable"), read(log()));
  }

  /** RFC 4171 §6.3.4: it stays for as long as it answers, and no longer. */
  @Test
  void answersStatusInquiriesAndIsForgottenWhenItNoLongerDoes() throws Exception {
    await(log(), "---ESIRsp---");
    await(log(), "response status 0x0000 (Success)");
    // More inquiries than a silent one is asked.
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (read(log()).split("---ESIRsp---", -1).length - 1 <= Limits.ESI_ATTEMPTS + 1) {
      assertTrue(System.nanoTime() < until, read(log()));
      Thread.sleep(20);
    }
    assertTrue(nodes().contains(INITIATOR), "it is gone though it answered");
    Objects.requireNonNull(daemon).destroyForcibly().waitFor();
    until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (nodes().contains(INITIATOR)) {
      assertTrue(System.nanoTime() < until, "it is there though it is silent");
    }
  }
}
