// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.net.ForeignProgram;
import dev.rootstock.boot.script.ReadyRoute;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** curl judges the HTTP server: what it takes for whole, for a part, and for an error. */
class CurlIT {
  private static final int SIZE = 300_000;

  @TempDir private Path root;
  @TempDir private Path here;
  private HttpServer server;
  private final byte[] content = new byte[SIZE];

  @BeforeEach
  void start() throws Exception {
    new Random(80).nextBytes(content);
    Files.write(root.resolve("boot.efi"), content);
    BootFiles files = BootFiles.in(root);
    server =
        HttpServer.start(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            Map.of(
                "/boot/",
                (request, rest) -> new Answer.File(files.open(rest)),
                ReadyRoute.PREFIX,
                new ReadyRoute((token, from) -> token.equals("alpha.right"))));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private ForeignProgram.Result curl(String path, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("curl", "--silent", "--show-error", "--noproxy", "*"));
    command.addAll(List.of(options));
    command.add("http://127.0.0.1:" + server.addresses().getFirst().getPort() + path);
    return ForeignProgram.run(here, command.toArray(String[]::new));
  }

  private byte[] fetched() throws Exception {
    return Files.readAllBytes(here.resolve("got"));
  }

  @ParameterizedTest
  @CsvSource({
    "0-0, 0, 1",
    "100-199, 100, 200",
    "299999-, 299999, 300000",
    "-1000, 299000, 300000",
    "299000-400000, 299000, 300000"
  })
  void aRangeIsThatPart(String range, int from, int to) throws Exception {
    ForeignProgram.Result result =
        curl("/boot/boot.efi", "--range", range, "-o", "got", "--write-out", "%{http_code}");
    assertEquals("206", result.output());
    assertArrayEquals(Arrays.copyOfRange(content, from, to), fetched());
  }

  /** It refuses to go on where the server sends the whole again. */
  @Test
  void aTransferThatBrokeGoesOn() throws Exception {
    Files.write(here.resolve("got"), Arrays.copyOf(content, 123_456));
    assertEquals(0, curl("/boot/boot.efi", "--continue-at", "-", "-o", "got").exit());
    assertArrayEquals(content, fetched());
  }

  @Test
  void aRangeBehindTheEndIsNotSatisfied() throws Exception {
    ForeignProgram.Result result =
        curl(
            "/boot/boot.efi",
            "--range",
            "300000-",
            "-o",
            "got",
            "--write-out",
            "%{http_code} %header{content-range}");
    assertEquals("416 bytes */300000", result.output());
  }

  /** It reports a body that ought not to be there, and a length that is not kept. */
  @Test
  void headTellsTheLengthAndSendsNothing() throws Exception {
    ForeignProgram.Result result = curl("/boot/boot.efi", "--head", "--verbose");
    assertEquals(0, result.exit(), result.output());
    assertTrue(result.output().contains("content-length: 300000"), result.output());
    assertTrue(!result.output().contains("Excess found"), result.output());
  }

  @Test
  void oneConnectionServesSeveralRequests() throws Exception {
    String again = "http://127.0.0.1:" + server.addresses().getFirst().getPort() + "/boot/boot.efi";
    ForeignProgram.Result result =
        curl(
            "/boot/boot.efi", "--write-out", "%{num_connects} ", "-o", "got", "-o", "again", again);
    assertEquals("1 0 ", result.output());
    assertArrayEquals(content, fetched());
    assertArrayEquals(content, Files.readAllBytes(here.resolve("again")));
  }

  @ParameterizedTest
  @CsvSource({
    "/boot/none, 404",
    "/boot/../../etc/passwd, 404",
    "/boot/%2e%2e/%2e%2e/etc/passwd, 404",
    "/, 404"
  })
  void whatIsNotThereIsAnError(String path, String status) throws Exception {
    ForeignProgram.Result result =
        curl(path, "--path-as-is", "-o", "got", "--write-out", "%{http_code}");
    assertEquals(status, result.output());
  }

  /** As a machine's last service does it, with a body and without. */
  @ParameterizedTest
  @CsvSource({"alpha.right, '', 200", "alpha.right, ready=1, 200", "alpha.wrong, '', 404"})
  void aMachineSaysThatItIsReady(String token, String body, String status) throws Exception {
    ForeignProgram.Result result =
        curl(ReadyRoute.path(token), "--data", body, "-o", "got", "--write-out", "%{http_code}");
    assertEquals(status, result.output());
  }
}
