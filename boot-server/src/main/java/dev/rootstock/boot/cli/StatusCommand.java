// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.control.ControlClient;
import dev.rootstock.boot.control.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code status [--watch]}. */
final class StatusCommand implements Command {
  private static final Duration BEAT = Duration.ofSeconds(1);

  /** ECMA-48: to the upper left corner, and everything behind it goes. */
  private static final String CLEAR = "\u001b[H\u001b[J";

  @Override
  public String name() {
    return "status";
  }

  @Override
  public String summary() {
    return "show the machines and how far each boot has come";
  }

  @Override
  public List<Option> options() {
    return List.of(Command.flag("watch", "print it again whenever it changes, until interrupted"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    JsonNode first = invocation.call("status", invocation.arguments());
    if (invocation.has("watch")) {
      watch(invocation, first);
    }
    if (invocation.json()) {
      invocation.printJson(first);
    } else {
      print(invocation, first);
    }
    return DONE;
  }

  /**
   * Goes on over an end and a new start of the server. Without one it looks for one and at nothing
   * else: whoever reads the data has their lock, and a server that starts would be refused.
   */
  private static void watch(Invocation invocation, JsonNode first) throws Exception {
    Configuration configuration = invocation.configuration();
    JsonNode shown = first;
    show(invocation, first);
    boolean said = false;
    while (true) {
      Thread.sleep(BEAT);
      if (!ControlClient.isServed(configuration)) {
        if (!said) {
          said = true;
          invocation.console().err().println("rootstock: no server runs: waiting for one");
        }
        continue;
      }
      try {
        JsonNode now = invocation.call("status", invocation.arguments());
        said = false;
        if (!now.equals(shown)) {
          shown = now;
          show(invocation, now);
        }
      } catch (RefusedException e) {
        // It ends just now, or starts: the next beat shows which.
      }
    }
  }

  /** One of many: a line for programs, drawn over the last one for a person, else with its time. */
  private static void show(Invocation invocation, JsonNode now) {
    if (invocation.json()) {
      invocation.printJsonLine(now);
      return;
    }
    if (invocation.console().terminal()) {
      invocation.console().out().print(CLEAR);
    }
    invocation.print("at " + Instant.now().truncatedTo(ChronoUnit.SECONDS));
    print(invocation, now);
    invocation.print("");
  }

  private static String usage(JsonNode node) {
    String most =
        node.get("limitBytes").isNull() ? "" : " of " + Size.text(node.get("limitBytes").asLong());
    return Size.text(node.get("usedBytes").asLong()) + most;
  }

  private static void print(Invocation invocation, JsonNode status) {
    invocation.print("store: " + usage(status.get("store")));
    if (status.get("memory").get("usedBytes").asLong() > 0) {
      invocation.print("disks in memory: " + usage(status.get("memory")));
    }
    for (JsonNode machine : status.get("disputed")) {
      invocation.print(
          "machine %s gets no answer: %s"
              .formatted(machine.get("machine").asText(), machine.get("reason").asText()));
    }
    if (status.get("clients").isEmpty()) {
      invocation.print("no clients: 'rootstock client add NAME --image IMAGE' makes one");
      return;
    }
    Table table =
        new Table(
            "CLIENT", "IMAGE", "RUNS", "STAGE", "BOOT", "STARTED", "CAME TO", "AFTER", "READ",
            "WRITTEN");
    for (JsonNode client : status.get("clients")) {
      JsonNode last = BootText.latest(client);
      table.row(
          client.get("name").asText(),
          client.get("image").asText(),
          client.get("bootedImage").isNull() ? "-" : client.get("bootedImage").asText(),
          client.get("stage").asText(),
          client.get("generation").asText(),
          client.get("started").isNull() ? "-" : client.get("started").asText(),
          last == null ? "-" : last.get("step").asText(),
          last == null ? "-" : BootText.after(client, last),
          Size.text(client.get("readBytes").asLong()),
          Size.text(client.get("writtenBytes").asLong()));
    }
    table.lines().forEach(invocation::print);
    for (JsonNode client : status.get("clients")) {
      if (!client.get("standsOn").isNull()) {
        String name = client.get("name").asText();
        invocation.print(
            ("%s keeps its disk on %s, and %s is another version now: 'client set %s --image"
                    + " NAME@VERSION --rebase' or 'client reset %s' changes that")
                .formatted(
                    name,
                    client.get("standsOn").asText(),
                    client.get("image").asText(),
                    name,
                    name));
      }
      for (JsonNode disk : client.get("missingDisks")) {
        invocation.print(
            "%s does without its disk at LUN %d: %s"
                .formatted(
                    client.get("name").asText(),
                    disk.get("lun").asInt(),
                    disk.get("reason").asText()));
      }
      if (!client.get("stopped").isNull()) {
        invocation.print(
            "%s stopped %s".formatted(client.get("name").asText(), client.get("stopped").asText()));
      }
    }
  }
}
