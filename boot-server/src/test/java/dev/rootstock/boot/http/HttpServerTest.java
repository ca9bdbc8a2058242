// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.files.BootFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server on loopback, asked by the JDK's client and by bytes on a socket. */
class HttpServerTest {
  @TempDir private Path root;
  private HttpServer server;
  private HttpClient client;
  private byte[] content;

  @BeforeEach
  void start() throws Exception {
    content = new byte[300_000];
    new Random(80).nextBytes(content);
    Files.write(root.resolve("boot.efi"), content);
    BootFiles files = BootFiles.in(root);
    server =
        HttpServer.start(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            Map.of(
                "/boot/", (request, rest) -> new Answer.File(files.open(rest)),
                "/echo/",
                    (request, rest) ->
                        Answer.Text.ok(request.method() + " " + rest + request.parameters())));
    client = HttpClient.newHttpClient();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private HttpRequest.Builder to(String path) {
    InetSocketAddress address = server.addresses().getFirst();
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path));
  }

  private HttpResponse<byte[]> ask(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String get(String target, String header) {
    return "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n".formatted(target, header);
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(server.addresses().getFirst());
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void aFileIsServedWhole() throws Exception {
    HttpResponse<byte[]> response = ask(to("/boot/boot.efi"));
    assertEquals(200, response.statusCode());
    assertEquals("bytes", response.headers().firstValue("accept-ranges").orElseThrow());
    assertArrayEquals(content, response.body());
  }

  @Test
  void aPartOfItIsServed() throws Exception {
    HttpResponse<byte[]> response =
        ask(to("/boot/boot.efi").header("Range", "bytes=100000-199999"));
    assertEquals(206, response.statusCode());
    assertEquals(
        "bytes 100000-199999/300000", response.headers().firstValue("content-range").orElseThrow());
    assertArrayEquals(Arrays.copyOfRange(content, 100_000, 200_000), response.body());
  }

  @Test
  void aPartBehindItsEndIsRefused() throws Exception {
    HttpResponse<byte[]> response = ask(to("/boot/boot.efi").header("Range", "bytes=300000-"));
    assertEquals(416, response.statusCode());
    assertEquals("bytes */300000", response.headers().firstValue("content-range").orElseThrow());
  }

  /** RFC 9110 §9.3.2: the headers of GET, and no body; UEFI asks so for the size. */
  @Test
  void headTellsTheSize() throws Exception {
    HttpResponse<byte[]> response =
        ask(to("/boot/boot.efi").method("HEAD", BodyPublishers.noBody()));
    assertEquals("300000", response.headers().firstValue("content-length").orElseThrow());
    assertEquals(0, response.body().length);
  }

  @Test
  void oneConnectionServesManyRequests() throws Exception {
    String two = raw(get("/echo/a", "x: y") + get("/echo/b", "Connection: close"));
    assertTrue(two.contains("GET a{}") && two.contains("GET b{}"), two);
  }

  @Test
  void pathAndQueryAreDecodedOnce() throws Exception {
    assertEquals(
        "POST a b%2f{mac=52:54:00:00:00:01}",
        new String(
            ask(to("/echo/a%20b%252f?mac=52%3A54:00:00:00:01&mac=2").POST(BodyPublishers.noBody()))
                .body(),
            StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/boot/../boot.efi",
        "/boot/%2e%2e/boot/boot.efi",
        "/boot/..%2fboot.efi",
        "/boot/%252e%252e/x",
        "/boot//etc/passwd",
        "/boot/..%5cboot.efi",
        "/boot/boot.efi%00",
        "/boot/",
        "/nothing",
        "/",
        "*",
        "http://elsewhere/boot/x"
      })
  void allElseIsNotFound(String target) throws Exception {
    String answer = raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 404"), answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n\r\n",
        "GET /boot/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /boot/boot.efi HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
      })
  void whatIsNoRequestOfOursIsRefusedAndTheNextIsServed(String request) throws Exception {
    String answer = raw(request);
    assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
    assertEquals(200, ask(to("/boot/boot.efi")).statusCode());
  }

  @Test
  void linesAndBodiesHaveBounds() throws Exception {
    String line = raw("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    assertTrue(line.isEmpty() || line.startsWith("HTTP/1.1 4"), line);
    String body =
        raw(
            "POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
                + "b".repeat(100_000));
    assertTrue(body.isEmpty() || body.startsWith("HTTP/1.1 413"), body);
  }

  @Test
  void oneAddressHasFewConnections() throws Exception {
    Socket[] many = new Socket[Limits.CONNECTIONS_FROM_ONE];
    for (int i = 0; i < many.length; i++) {
      many[i] = new Socket();
      many[i].connect(server.addresses().getFirst());
      many[i]
          .getOutputStream()
          .write("GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertEquals('H', many[i].getInputStream().read());
    }
    String refused;
    try {
      refused = raw("GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n");
    } catch (IOException reset) {
      refused = "";
    }
    assertEquals("", refused);
    for (Socket each : many) {
      each.close();
    }
  }
}
