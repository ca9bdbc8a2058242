// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.net.ForeignProgram;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Others' TFTP clients judge the server: curl, atftp and busybox. */
class TftpClientsIT {
  @TempDir private Path root;
  @TempDir private Path here;
  private TftpServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        TftpServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            BootFiles.in(root),
            InetAddress::isLoopbackAddress,
            (address, file, bytes) -> {});
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private byte[] file(int length) throws Exception {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    Files.write(root.resolve("boot"), content);
    return content;
  }

  private byte[] got() throws Exception {
    return Files.readAllBytes(here.resolve("got"));
  }

  private ForeignProgram.Result curl(String file, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("curl", "--silent", "--show-error", "--verbose"));
    command.addAll(List.of(options));
    command.addAll(
        List.of("-o", "got", "tftp://127.0.0.1:" + server.address().getPort() + "/" + file));
    return ForeignProgram.run(here, command.toArray(String[]::new));
  }

  private ForeignProgram.Result atftp(String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of("atftp", "--verbose", "--trace"));
    for (String option : options) {
      command.addAll(List.of("--option", option));
    }
    command.addAll(List.of("--get", "--remote-file", "boot", "--local-file", "got"));
    command.addAll(List.of("127.0.0.1", Integer.toString(server.address().getPort())));
    return ForeignProgram.run(here, command.toArray(String[]::new));
  }

  /** Lengths at which a transfer ends with a short block, and with an empty one (RFC 1350 §6). */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 512, 513, 1_024, 100_000})
  void curlGetsFilesOfAllLengths(int length) throws Exception {
    byte[] content = file(length);
    ForeignProgram.Result result = curl("boot", "--tftp-no-options");
    assertEquals(0, result.exit(), result.output());
    assertArrayEquals(content, length == 0 && !Files.exists(here.resolve("got")) ? content : got());
  }

  /** RFC 2348, RFC 2349: it says what it was answered. */
  @Test
  void curlAgreesOnABlockSizeAndLearnsTheLength() throws Exception {
    byte[] content = file(100_000);
    ForeignProgram.Result result = curl("boot", "--tftp-blksize", "1428");
    assertEquals(0, result.exit(), result.output());
    assertTrue(result.output().contains("blksize parsed from OACK (1428)"), result.output());
    assertTrue(result.output().contains("tsize parsed from OACK (100000)"), result.output());
    assertArrayEquals(content, got());
  }

  /** RFC 7440; the last window is cut off by the end of the file. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 16})
  void atftpGetsWindows(int window) throws Exception {
    byte[] content = file(150_000);
    ForeignProgram.Result result = atftp("blksize 1024", "tsize 0", "windowsize " + window);
    assertEquals(0, result.exit(), result.output());
    assertTrue(result.output().contains("windowsize: " + window), result.output());
    assertArrayEquals(content, got());
  }

  @Test
  void busyboxGetsLargeBlocks() throws Exception {
    byte[] content = file(60_000);
    ForeignProgram.Result result =
        ForeignProgram.run(
            here,
            "busybox",
            "tftp",
            "-g",
            "-b",
            "1468",
            "-r",
            "boot",
            "-l",
            "got",
            "127.0.0.1",
            Integer.toString(server.address().getPort()));
    assertEquals(0, result.exit(), result.output());
    assertArrayEquals(content, got());
  }

  @Test
  void aFileThatIsNotThereIsAnErrorForEachOfThem() throws Exception {
    ForeignProgram.Result curl = curl("boot");
    assertEquals(68, curl.exit(), curl.output()); // CURLE_TFTP_NOTFOUND
    ForeignProgram.Result atftp = atftp();
    assertNotEquals(0, atftp.exit(), atftp.output());
  }

  /** There are no write requests, and a file is not touched by one. */
  @Test
  void nobodyWrites() throws Exception {
    byte[] content = file(1_000);
    Path other = Files.write(here.resolve("other"), new byte[10]);
    ForeignProgram.Result result =
        ForeignProgram.run(
            here,
            "curl",
            "--silent",
            "--show-error",
            "--upload-file",
            other.toString(),
            "tftp://127.0.0.1:" + server.address().getPort() + "/boot");
    assertEquals(69, result.exit(), result.output()); // CURLE_TFTP_PERM
    assertArrayEquals(content, Files.readAllBytes(root.resolve("boot")));
    assertFalse(Files.exists(root.resolve("other")));
  }
}
