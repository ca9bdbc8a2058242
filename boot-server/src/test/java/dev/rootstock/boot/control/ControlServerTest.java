// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.boots.BootPolicy;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.images.store.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
  @TempDir Path folder;
  private Configuration configuration;
  private Installation installation;
  private BootAdmission boots;
  private ControlServer server;

  @BeforeEach
  void start() throws Exception {
    configuration = Configuration.defaults().withData(folder.resolve("data"));
    open();
  }

  @AfterEach
  void stop() {
    server.close();
    boots.close();
    installation.close();
  }

  @Test
  void aRequestGetsItsResult() throws Exception {
    assertServes();
  }

  @Test
  void anOperationOfAnotherVersionIsRefused() throws Exception {
    JsonNode answer = Objects.requireNonNull(ask("{\"operation\":\"client dance\"}\n"));
    assertTrue(answer.get("refused").asText().contains("'client dance'"), answer.toString());
  }

  @Test
  void anOperationWithoutItsArgumentsIsRefused() throws Exception {
    for (String name : List.of("client add", "client show", "image import", "client remove")) {
      JsonNode answer = Objects.requireNonNull(ask("{\"operation\":\"%s\"}\n".formatted(name)));
      assertTrue(answer.has("refused"), name + " " + answer);
    }
  }

  @Test
  void whatIsNoRequestIsCutOffAndTheNextIsAnswered() throws Exception {
    byte[] endless = new byte[Limits.CONTROL_REQUEST_BYTES + 100];
    Arrays.fill(endless, (byte) 'x');
    for (String rubbish :
        List.of(
            "no json\n",
            "{\"operation\":",
            "[]",
            "\n",
            new String(endless, StandardCharsets.US_ASCII))) {
      try (SocketChannel channel = connect()) {
        OutputStream out = Channels.newOutputStream(channel);
        try {
          out.write(rubbish.getBytes(StandardCharsets.UTF_8));
          channel.shutdownOutput();
          Lines.read(Channels.newInputStream(channel), 1 << 20);
        } catch (IOException e) {
          // Cut off in the middle of the write: just so.
        }
      }
    }
    assertServes();
  }

  @Test
  void morePeopleThanAreServedAtOnceWaitForTheirTurn() throws Exception {
    List<SocketChannel> silent = new ArrayList<>();
    try {
      for (int i = 0; i < Limits.CONTROL_CONNECTIONS; i++) {
        silent.add(connect());
      }
      SocketChannel late = connect();
      silent.getFirst().close();
      JsonNode answer = ask(late, "{\"operation\":\"image list\",\"arguments\":{}}\n");
      assertTrue(Objects.requireNonNull(answer).has("result"));
    } finally {
      for (SocketChannel channel : silent) {
        channel.close();
      }
    }
  }

  /** A command that is killed takes its import with it. */
  @Test
  void anImportEndsWhenTheOneWhoAskedHasGone() throws Exception {
    Path image = folder.resolve("big.raw");
    try (RandomAccessFile sparse = new RandomAccessFile(image.toFile(), "rw")) {
      // Zeros that take no space, and far longer to read than to hang up.
      sparse.setLength(8L << 30);
    }
    List<String> before = tree();
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("operation", "image import");
    request.putObject("arguments").put("file", image.toString()).put("name", "big");
    try (SocketChannel channel = connect()) {
      Lines.write(Channels.newOutputStream(channel), request);
      assertTrue(
          Objects.requireNonNull(Lines.read(Channels.newInputStream(channel), 1 << 20))
              .has("progress"));
    }
    for (int i = 0; i < 1_200 && !tree().equals(before); i++) {
      Thread.sleep(50);
    }
    assertEquals(before, tree());
    assertEquals(List.of(), installation.store().versions());
    assertServes();
  }

  @Test
  void aSocketThatACrashLeftBehindIsNoServer() throws Exception {
    server.close();
    boots.close();
    installation.close();
    Path socket = ControlSocket.of(configuration.data());
    try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(ControlSocket.address(socket));
    }
    assertTrue(Files.exists(socket));
    JsonNode answer =
        ControlClient.call(
            configuration, "client list", JsonNodeFactory.instance.objectNode(), Progress.NONE);
    assertEquals("{\"clients\":[]}", answer.toString());
    open();
    assertServes();
  }

  @Test
  void aDataDirectoryTooDeepForASocketIsRefusedInOneLine() {
    Path deep = Path.of("/" + "d".repeat(120) + "/control.sock");
    String message =
        assertThrows(RefusedException.class, () -> ControlSocket.address(deep)).getMessage();
    assertTrue(
        String.valueOf(message).startsWith("the data directory's path is too long"), message);
  }

  private List<String> tree() throws IOException {
    try (Stream<Path> tree = Files.walk(configuration.data())) {
      return tree.map(Path::toString).sorted().toList();
    } catch (UncheckedIOException e) {
      // Something went away while we looked; the next look tells.
      return List.of();
    }
  }

  private void assertServes() throws Exception {
    JsonNode answer = ask("{\"operation\":\"client list\",\"arguments\":{}}\n");
    assertEquals("{\"result\":{\"clients\":[]}}", String.valueOf(answer));
  }

  private void open() throws Exception {
    installation = Installation.open(configuration);
    boots =
        BootAdmission.start(
            installation.registry(),
            installation.store(),
            installation.identities(),
            new BootPolicy(false, false));
    server =
        ControlServer.start(
            new Workplace(
                installation,
                boots,
                Trails.open(configuration.data()),
                new PendingMachines(),
                new DisputedMachines()));
  }

  private SocketChannel connect() throws Exception {
    return SocketChannel.open(ControlSocket.address(ControlSocket.of(configuration.data())));
  }

  private @Nullable JsonNode ask(String request) throws Exception {
    try (SocketChannel channel = connect()) {
      return ask(channel, request);
    }
  }

  private static @Nullable JsonNode ask(SocketChannel channel, String request) throws Exception {
    try (channel) {
      Channels.newOutputStream(channel).write(request.getBytes(StandardCharsets.UTF_8));
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      JsonNode answer = Lines.read(in, 1 << 20);
      assertNull(Lines.read(in, 1 << 20));
      return answer;
    }
  }
}
