// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.read.ListAppender;
import dev.rootstock.boot.serve.Server;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.initiator.ChapOptions;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A secret is made, handed out, proved and missed, and whatever is logged does not hold it. */
class SecretsInLogsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern GENERATED =
      Pattern.compile("secret, shown this once: (\\S+)", Pattern.MULTILINE);

  @TempDir private Path folder;
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final List<Appender<ILoggingEvent>> usual = new ArrayList<>();
  private Level level = Level.WARN;

  @BeforeEach
  void logEverything() {
    for (Iterator<Appender<ILoggingEvent>> each = root.iteratorForAppenders(); each.hasNext(); ) {
      usual.add(each.next());
    }
    level = root.getEffectiveLevel();
    usual.forEach(root::detachAppender);
    logged.start();
    root.addAppender(logged);
    root.setLevel(Level.TRACE);
  }

  @AfterEach
  void logAsBefore() {
    root.setLevel(level);
    root.detachAppender(logged);
    usual.forEach(root::addAppender);
  }

  private static ChapCredentials credentials(String name, String secret) {
    return new ChapCredentials(name, new ChapSecret(secret.getBytes(StandardCharsets.US_ASCII)));
  }

  private static String script(Server server) throws Exception {
    String line =
        server.ready().stream().filter(each -> each.startsWith("ready http ")).findFirst().get();
    URI uri = URI.create("http://" + line.substring("ready http ".length()) + "/script/alpha");
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  @Test
  void noLineHoldsASecret() throws Exception {
    CommandLineHarness commands =
        new CommandLineHarness(
            folder,
            """
            server: 127.0.0.1
            iscsi: {listen: ["127.0.0.1:0"]}
            http: {listen: ["127.0.0.1:0"]}
            """);
    commands.importDebian();
    commands.done("client", "add", "alpha", "--image", "debian");
    List<String> secrets = new ArrayList<>();
    try (Server server = commands.serve()) {
      Matcher said =
          GENERATED.matcher(
              commands.done("client", "chap", "alpha", "--generate", "--mutual", "--hand-out"));
      while (said.find()) {
        secrets.add(said.group(1));
      }
      assertEquals(2, secrets.size());
      assertTrue(script(server).contains("sanboot"));

      String target =
          commands.run("client", "show", "alpha", "--json").json().at("/target").asText();
      LoginOptions options = LoginOptions.normal("iqn.2001-04.com.example:anybody", target);
      ChapOptions right =
          ChapOptions.oneWay(credentials("alpha", secrets.get(0)))
              .withTarget(credentials("rootstock", secrets.get(1)));
      ChapOptions wrong = ChapOptions.oneWay(credentials("alpha", secrets.get(1) + "x"));
      Initiator.login(CommandLineHarness.portal(server), options.withChap(right), PATIENCE).close();
      assertThrows(
          LoginRefusedException.class,
          () ->
              Initiator.login(
                  CommandLineHarness.portal(server), options.withChap(wrong), PATIENCE));
      commands.done("client", "chap", "alpha", "--off");
    }

    List<String> lines =
        List.copyOf(logged.list).stream()
            .map(
                each ->
                    each.getFormattedMessage()
                        + (each.getThrowableProxy() == null
                            ? ""
                            : ThrowableProxyUtil.asString(each.getThrowableProxy())))
            .toList();
    assertTrue(lines.size() > 10, "what is logged is listened to: " + lines.size());
    for (String secret : secrets) {
      for (String form : List.of(secret, hex(secret, ""), hex(secret, ":"))) {
        assertFalse(lines.stream().anyMatch(line -> line.contains(form)), "a secret was logged");
      }
    }
  }

  private static String hex(String text, String delimiter) {
    return HexFormat.ofDelimiter(delimiter).formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }
}
