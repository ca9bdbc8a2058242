// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.serve.Server;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** A folder with a configuration, and commands that run in it as processes would. */
final class CommandLineHarness {
  private static final ObjectMapper JSON = new ObjectMapper();

  final Path folder;
  final Path configuration;
  final Path data;

  /** How a command ended, and what it said. */
  record Result(int status, String out, String err) {
    /** Its answer, when it was asked for JSON. */
    JsonNode json() throws Exception {
      assertEquals(0, status, err);
      return JSON.readTree(out);
    }
  }

  CommandLineHarness(Path folder) throws Exception {
    this(folder, "iscsi: {listen: [\"127.0.0.1:0\"]}\n");
  }

  CommandLineHarness(Path folder, String more) throws Exception {
    this.folder = folder;
    data = folder.resolve("data");
    configuration = folder.resolve("rootstock.yaml");
    Files.writeString(configuration, "data: data\n" + more);
  }

  /** Runs a command with this folder's configuration. */
  Result run(String... words) {
    return run(false, configured(words));
  }

  /** The same while a person looks. */
  Result onTerminal(String... words) {
    return run(true, configured(words));
  }

  private String[] configured(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--config", configuration.toString()));
    return all.toArray(new String[0]);
  }

  /** Runs a command as it is. */
  static Result plain(String... words) {
    return run(false, words);
  }

  private static Result run(boolean terminal, String[] words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        Main.run(
            words,
            new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                false));
    return new Result(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Runs a command that must succeed. */
  String done(String... words) {
    Result result = run(words);
    assertEquals(0, result.status(), () -> String.join(" ", words) + ": " + result.err());
    return result.out();
  }

  /** Runs a command that must fail, and returns its one line. */
  String failed(String... words) {
    Result result = run(words);
    assertEquals(Command.FAILED, result.status(), () -> String.join(" ", words) + result.out());
    return oneLine(result);
  }

  static String oneLine(Result result) {
    List<String> errors =
        result.err().lines().filter(line -> !line.matches("\\w+ \\S+: \\d+% of .*")).toList();
    assertEquals(1, errors.size(), result.err());
    assertTrue(errors.getFirst().startsWith("rootstock: "), result.err());
    return errors.getFirst().substring("rootstock: ".length());
  }

  /** A raw image with seeded random content. */
  Path image(String name, int bytes) throws Exception {
    byte[] content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    return Files.write(folder.resolve(name), content);
  }

  /** Imports an image of 1 MiB as {@code debian}. */
  void importDebian() throws Exception {
    done("image", "import", image("debian.raw", 1 << 20).toString(), "--name", "debian");
  }

  Server serve() throws Exception {
    return Server.start(ConfigurationFile.load(configuration));
  }

  /** Where a server's target listens, from its ready line. */
  static InetSocketAddress portal(Server server) {
    String line = server.ready().getFirst();
    assertTrue(line.startsWith("ready iscsi 127.0.0.1:"), line);
    int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Every file and folder below, by its relative path. */
  static List<String> tree(Path folder) throws Exception {
    try (Stream<Path> tree = Files.walk(folder)) {
      return tree.map(path -> folder.relativize(path).toString()).sorted().toList();
    }
  }
}
