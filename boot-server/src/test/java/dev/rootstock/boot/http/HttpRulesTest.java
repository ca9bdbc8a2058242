// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.script.ReadyRoute;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 9110 and RFC 9112 ask of a server, and what hostile clients send. */
class HttpRulesTest {
  private static final int PATIENCE_MILLIS = 60_000;
  private static final String CLOSE = "Host: x\r\nConnection: close\r\n\r\n";

  @TempDir private Path root;
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer server;
  private String content;

  @BeforeEach
  void start() throws Exception {
    byte[] bytes = new byte[3_000_000];
    new Random(9112).nextBytes(bytes);
    Files.write(root.resolve("boot.efi"), bytes);
    content = new String(bytes, StandardCharsets.ISO_8859_1);
    BootFiles files = BootFiles.in(root);
    server =
        HttpServer.start(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            Map.of(
                "/boot/",
                (request, rest) -> new Answer.File(files.open(rest)),
                "/echo/",
                (request, rest) -> {
                  asked.incrementAndGet();
                  return Answer.Text.ok("<" + rest + ">");
                },
                "/boots/",
                new ReadyRoute((token, from) -> true)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(server.addresses().getFirst());
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** RFC 9110 §14.2: a range means something to GET only. */
  @Test
  void headTellsOfTheWholeFileWhateverRangeItNames() throws Exception {
    String answer = raw("HEAD /boot/boot.efi HTTP/1.1\r\nRange: bytes=1-2\r\n" + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    assertTrue(answer.contains("content-length: " + content.length()), answer);
  }

  @Test
  void theUnitOfARangeIsWrittenInAnyCase() throws Exception {
    String answer = raw("GET /boot/boot.efi HTTP/1.1\r\nRange: Bytes=1-2\r\n" + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 206 "), answer);
  }

  /** RFC 9110 §15.5.6: with the methods that there are. */
  @Test
  void nobodyPostsToAFile() throws Exception {
    String answer = raw("POST /boot/boot.efi HTTP/1.1\r\nContent-Length: 0\r\n" + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
    assertTrue(answer.contains("allow: GET, HEAD\r\n"), answer);
  }

  @Test
  void whatIsPostedToIsNotRead() throws Exception {
    String answer = raw("GET /boots/alpha.x/ready HTTP/1.1\r\n" + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
    assertTrue(answer.contains("allow: POST\r\n"), answer);
  }

  /** RFC 9110 §6.6.1. */
  @ParameterizedTest
  @ValueSource(strings = {"/boot/boot.efi", "/echo/a", "/nothing"})
  void everyAnswerHasADate(String path) throws Exception {
    String answer = raw("HEAD " + path + " HTTP/1.1\r\n" + CLOSE);
    assertTrue(answer.matches("(?s).*\r\ndate: \\w{3}, \\d{2} \\w{3} \\d{4} .*"), answer);
  }

  /** RFC 9112 §3.2. */
  @ParameterizedTest
  @ValueSource(strings = {"", "Host: x\r\nHost: y\r\n"})
  void aRequestHasExactlyOneHost(String headers) throws Exception {
    String answer = raw("GET /echo/a HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
  }

  @Test
  void anOldClientNeedsNoHost() throws Exception {
    String answer = raw("GET /echo/a HTTP/1.0\r\n\r\n");
    assertTrue(answer.endsWith("<a>"), answer);
  }

  /** RFC 9112 §3.2.2. */
  @Test
  void aWholeUrlIsUnderstood() throws Exception {
    String answer = raw("GET HTTP://boot.example:8080/echo/a HTTP/1.1\r\n" + CLOSE);
    assertTrue(answer.endsWith("<a>"), answer);
  }

  /** RFC 9112 §9.6: what follows the last request of a connection is not obeyed. */
  @Test
  void behindARefusedRequestNothingIsObeyed() throws Exception {
    String answer =
        raw("DELETE /echo/a HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/b HTTP/1.1\r\n" + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
    assertFalse(answer.contains("<b>"), answer);
    assertEquals(0, asked.get());
  }

  /** RFC 9112 §6.3: two lengths for one body are how requests are smuggled. */
  @ParameterizedTest
  @ValueSource(
      strings = {"chunked\r\nContent-Length: 4", "gzip", "identity, chunked", "chunked, gzip"})
  void behindABodyWhoseEndIsInDoubtNothingIsObeyed(String coding) throws Exception {
    String answer =
        raw(
            "POST /echo/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                + coding
                + "\r\n\r\n0\r\n\r\nGET /echo/b HTTP/1.1\r\n"
                + CLOSE);
    assertTrue(answer.startsWith("HTTP/1.1 "), answer);
    assertFalse(answer.contains("<b>"), answer);
  }

  /** RFC 9112 §9.3.2: answers come in the order of the requests, an interim one as well. */
  @Test
  void whatALaterRequestExpectsIsNotSaidWithinAnEarlierAnswer() throws Exception {
    String answer =
        raw(
            "GET /boot/boot.efi HTTP/1.1\r\nHost: x\r\n\r\n"
                + "POST /echo/b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"
                + CLOSE
                + "b");
    int body = answer.indexOf("\r\n\r\n") + 4;
    assertEquals(content, answer.substring(body, body + content.length()));
    String rest = answer.substring(body + content.length());
    assertTrue(rest.startsWith("HTTP/1.1 100 Continue"), rest);
    assertTrue(rest.endsWith("<b>"), rest);
  }

  @Test
  void aBodyThatIsTooLongIsRefusedBehindTheEarlierAnswer() throws Exception {
    String answer =
        raw(
            "GET /boot/boot.efi HTTP/1.1\r\nHost: x\r\n\r\n"
                + "POST /echo/b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n"
                + CLOSE);
    int body = answer.indexOf("\r\n\r\n") + 4;
    assertEquals(content, answer.substring(body, body + content.length()));
    assertTrue(answer.substring(body + content.length()).startsWith("HTTP/1.1 413 "));
  }

  @Test
  void noiseEndsItsOwnConnectionOnly() throws Exception {
    Random random = new Random(7230);
    for (int i = 0; i < 200; i++) {
      byte[] noise = new byte[random.nextInt(1, 4_000)];
      random.nextBytes(noise);
      String request = i % 2 == 0 ? "" : "GET /echo/" + "a".repeat(i) + " HTTP/1.1\r\nHost: x\r\n";
      try (Socket socket = new Socket()) {
        socket.connect(server.addresses().getFirst());
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().write(noise);
      } catch (IOException closed) {
        // It was refused before all of it was written.
      }
    }
    assertTrue(raw("GET /echo/a HTTP/1.1\r\n" + CLOSE).endsWith("<a>"));
  }
}
