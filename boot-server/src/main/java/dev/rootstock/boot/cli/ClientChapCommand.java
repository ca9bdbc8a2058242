// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Secret;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.cli.Option;
import org.jspecify.annotations.Nullable;

/**
 * {@code client chap NAME}. A secret is never an argument: it is read from a file, or made here and
 * printed once.
 */
final class ClientChapCommand implements Command {
  @Override
  public String name() {
    return "client chap";
  }

  @Override
  public String summary() {
    return "say by which secret a machine proves itself";
  }

  @Override
  public List<String> operands() {
    return List.of("NAME");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.flag("generate", "make a secret of 132 random bits, and print it this once"),
        Command.flag(
            "each-boot", "with --hand-out: make the secrets anew for each boot, and show none"),
        Command.option("secret-file", "FILE", "take the secret from a file of one line"),
        Command.flag("off", "forget its secrets: it need not prove itself any more"),
        Command.option("user", "NAME", "the name that goes with it; the client's by default"),
        Command.flag("mutual", "with --generate: make one for the target's own proof as well"),
        Command.option("mutual-secret-file", "FILE", "take the target's secret from a file"),
        Command.option(
            "mutual-user", "NAME", "the target's name in its proof; rootstock by default"),
        Command.flag("hand-out", "let our DHCP server tell the machine; the network can read it"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    boolean generate = invocation.has("generate");
    check(invocation, generate);
    ObjectNode arguments = invocation.arguments();
    arguments.put("name", invocation.operand(0));
    arguments.put("off", invocation.has("off"));
    arguments.put("handOut", invocation.has("hand-out"));
    arguments.put("eachBoot", invocation.has("each-boot"));
    Secret secret = secret(invocation, generate, "secret-file");
    Secret target = secret(invocation, generate && invocation.has("mutual"), "mutual-secret-file");
    put(arguments, "secret", secret == null ? null : secret.text());
    put(arguments, "targetSecret", target == null ? null : target.text());
    put(arguments, "user", invocation.value("user"));
    put(arguments, "targetUser", targetUser(invocation));
    JsonNode client = invocation.call("client chap", arguments);
    if (invocation.json()) {
      invocation.printJson(client);
      return DONE;
    }
    tell(invocation, client, generate ? secret : null, invocation.has("mutual") ? target : null);
    return DONE;
  }

  private static @Nullable String targetUser(Invocation invocation) {
    String named = invocation.value("mutual-user");
    return named == null && invocation.has("each-boot") && invocation.has("mutual")
        ? Chap.TARGET_USER
        : named;
  }

  private static void check(Invocation invocation, boolean generate) throws UsageException {
    long ways =
        Stream.of("generate", "each-boot", "secret-file", "off").filter(invocation::has).count();
    if (ways != 1) {
      throw new UsageException(
          "'client chap' needs one of --generate, --each-boot, --secret-file and --off, and only"
              + " one");
    }
    if (invocation.has("each-boot") && !invocation.has("hand-out")) {
      throw new UsageException(
          "--each-boot needs --hand-out: nobody else could tell the machine its next secret");
    }
    if (invocation.has("each-boot") && invocation.has("mutual-secret-file")) {
      throw new UsageException("--each-boot makes all secrets: use --mutual for the target's");
    }
    if (generate && invocation.json()) {
      throw new UsageException(
          "--json never holds a secret, and this one is shown but once: leave --json out, or use"
              + " --secret-file");
    }
    if (invocation.has("mutual") && !generate && !invocation.has("each-boot")) {
      throw new UsageException(
          "--mutual goes with --generate or --each-boot: else use --mutual-secret-file");
    }
    if (invocation.has("mutual") && invocation.has("mutual-secret-file")) {
      throw new UsageException("--mutual makes a secret, --mutual-secret-file takes one: use one");
    }
    boolean target = invocation.has("mutual") || invocation.has("mutual-secret-file");
    if (invocation.has("mutual-user") && !target) {
      throw new UsageException("--mutual-user needs --mutual or --mutual-secret-file");
    }
    if (invocation.has("off") && (target || invocation.has("user") || invocation.has("hand-out"))) {
      throw new UsageException("--off forgets all of it: leave the other options out");
    }
  }

  private static @Nullable Secret secret(Invocation invocation, boolean generate, String file) {
    String path = invocation.value(file);
    if (path != null) {
      return Secret.read(Path.of(path));
    }
    return generate ? Secret.generate() : null;
  }

  private static void put(ObjectNode arguments, String field, @Nullable String value) {
    if (value != null) {
      arguments.put(field, value);
    }
  }

  private static void tell(
      Invocation invocation, JsonNode client, @Nullable Secret made, @Nullable Secret target) {
    String name = client.get("name").asText();
    JsonNode chap = client.get("chap");
    if (chap.isNull()) {
      invocation.print("%s has no secret any more".formatted(name));
      return;
    }
    invocation.print("%s proves itself as %s".formatted(name, chap.get("user").asText()));
    if (made != null) {
      invocation.print("its secret, shown this once: " + made.text());
    }
    if (!chap.get("targetUser").isNull()) {
      invocation.print("the target proves itself as " + chap.get("targetUser").asText());
    }
    if (target != null) {
      invocation.print("the target's secret, shown this once: " + target.text());
    }
    if (client.get("chapMode").asText().equals("none")) {
      invocation.print("nobody is asked for it: iscsi.chap is none in the configuration");
    }
  }
}
