// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.commons.cli.Option;
import org.jspecify.annotations.Nullable;

/** {@code status [--watch]}. */
final class StatusCommand implements Command {
  private static final Duration BEAT = Duration.ofSeconds(1);

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
    JsonNode shown = null;
    do {
      JsonNode now = invocation.call("status", invocation.arguments());
      if (!now.equals(shown)) {
        shown = now;
        print(invocation, now);
      }
      if (invocation.has("watch")) {
        Thread.sleep(BEAT);
      }
    } while (invocation.has("watch"));
    return DONE;
  }

  private static void print(Invocation invocation, JsonNode status) {
    if (invocation.json()) {
      invocation.printJson(status);
      return;
    }
    if (status.get("clients").isEmpty()) {
      invocation.print("no clients: 'rootstock client add NAME --image IMAGE' makes one");
      return;
    }
    Table table = new Table("CLIENT", "IMAGE", "STAGE", "BOOT", "STARTED", "CAME TO", "AFTER");
    for (JsonNode client : status.get("clients")) {
      JsonNode steps = client.get("steps");
      JsonNode last = latest(steps);
      table.row(
          client.get("name").asText(),
          client.get("image").asText(),
          client.get("stage").asText(),
          client.get("generation").asText(),
          client.get("started").isNull() ? "-" : client.get("started").asText(),
          last == null ? "-" : last.get("step").asText(),
          last == null ? "-" : after(client, last));
    }
    table.lines().forEach(invocation::print);
    for (JsonNode client : status.get("clients")) {
      if (!client.get("stopped").isNull()) {
        invocation.print(
            "%s stopped %s".formatted(client.get("name").asText(), client.get("stopped").asText()));
      }
    }
  }

  private static @Nullable JsonNode latest(JsonNode steps) {
    JsonNode latest = null;
    for (JsonNode each : steps) {
      if (latest == null || time(each).isAfter(time(latest))) {
        latest = each;
      }
    }
    return latest;
  }

  private static Instant time(JsonNode step) {
    return Instant.parse(step.get("at").asText());
  }

  private static String after(JsonNode client, JsonNode step) {
    Duration taken = Duration.between(Instant.parse(client.get("started").asText()), time(step));
    return "%.1f s".formatted(taken.toMillis() / 1000.0);
  }
}
