// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Clients as people read them. */
final class ClientText {
  private ClientText() {}

  static Table table(JsonNode clients) {
    Table table =
        new Table("CLIENT", "IMAGE", "MODE", "KEYS", "ADDRESS", "STAGE", "BOOTS", "TAKES");
    for (JsonNode client : clients) {
      table.row(
          client.get("name").asText(),
          client.get("image").asText(),
          client.get("mode").asText(),
          keys(client),
          text(client.get("address")),
          client.get("stage").asText(),
          client.get("generation").asText(),
          Size.text(client.get("storeBytes").asLong()));
    }
    return table;
  }

  static List<String> details(JsonNode client) {
    List<String[]> pairs = new ArrayList<>();
    pair(pairs, "client", client.get("name").asText());
    if (!client.get("group").isNull()) {
      pair(pairs, "group", client.get("group").asText());
    }
    pair(pairs, "image", client.get("image").asText() + from(client, "image"));
    pair(pairs, "mode", client.get("mode").asText() + from(client, "mode"));
    pair(pairs, "keys", keys(client));
    for (JsonNode card : client.get("seenCards")) {
      pair(pairs, "seen with", card.asText());
    }
    pair(pairs, "address", text(client.get("address")));
    pair(
        pairs,
        "size",
        client.get("sizeBytes").isNull()
            ? "the image's"
            : Size.text(client.get("sizeBytes").asLong()) + from(client, "size"));
    if (client.get("secureBoot").asBoolean()) {
      pair(pairs, "secure boot", "signed programs" + from(client, "secure-boot"));
    }
    if (client.get("install").asBoolean()) {
      pair(pairs, "install", "its disk is attached, not booted from" + from(client, "install"));
    }
    if (!client.get("menu").isEmpty()) {
      List<String> menu = new ArrayList<>();
      client.get("menu").forEach(image -> menu.add(image.asText()));
      pair(pairs, "menu", String.join(" ", menu) + from(client, "menu"));
    }
    for (JsonNode disk : client.get("disks")) {
      pair(pairs, "LUN " + disk.get("lun").asInt(), disk(disk));
    }
    pair(pairs, "target", client.get("target").asText());
    pair(pairs, "initiator", client.get("initiator").asText());
    pair(pairs, "CHAP", chap(client));
    pair(pairs, "stage", client.get("stage").asText());
    pair(
        pairs,
        "boots",
        client.get("generation").asLong() == 0
            ? "none yet"
            : client.get("generation").asText() + ", now on " + client.get("bootedImage").asText());
    pair(pairs, "takes", takes(client));
    for (JsonNode session : client.get("sessions")) {
      pair(
          pairs,
          "session " + session.get("id").asText(),
          "%s, ISID %s, from %s, %s, since %s"
              .formatted(
                  session.get("initiator").asText(),
                  session.get("isid").asText(),
                  session.get("address").asText(),
                  session.get("kind").asText(),
                  session.get("since").asText()));
    }
    for (JsonNode snapshot : client.get("snapshots")) {
      pair(
          pairs,
          "snapshot",
          "%s of %s on %s, %s"
              .formatted(
                  snapshot.get("snapshot").asText(),
                  snapshot.get("taken").asText(),
                  snapshot.get("image").asText(),
                  Size.text(snapshot.get("fileBytes").asLong())));
    }
    for (JsonNode warning : client.get("warnings")) {
      pair(pairs, "warning", warning.asText());
    }
    JsonNode refused = client.get("refused");
    if (!refused.isNull()) {
      pair(
          pairs,
          "refused",
          "%s (%s from %s, %s)"
              .formatted(
                  refused.get("reason").asText(),
                  refused.get("initiator").asText(),
                  refused.get("address").asText(),
                  refused.get("at").asText()));
    }
    return Table.pairs(pairs);
  }

  /** Where a value comes from, said of groups only: all others are the client's or a default. */
  private static String from(JsonNode client, String setting) {
    return client.get("sources").get(setting).asText().equals("group") ? " (of its group)" : "";
  }

  /** What the limit counts, whether there is one or not. */
  private static String takes(JsonNode client) {
    return Size.text(client.get("storeBytes").asLong())
        + (client.get("limitBytes").isNull()
            ? ", no limit"
            : " of its limit of "
                + Size.text(client.get("limitBytes").asLong())
                + from(client, "limit"))
        + ": disk, journal, snapshots, further disks of its own";
  }

  private static String disk(JsonNode disk) {
    return switch (disk.get("kind").asText()) {
      case "shared" -> disk.get("image").asText() + ", read-only";
      case "own" ->
          "its own, %s, its file %s long"
              .formatted(
                  Size.text(disk.get("sizeBytes").asLong()),
                  Size.text(disk.get("fileBytes").asLong()));
      default -> "seed disk for cloud-init";
    };
  }

  private static String chap(JsonNode client) {
    JsonNode chap = client.get("chap");
    String mode = client.get("chapMode").asText();
    if (chap.isNull()) {
      return mode.equals("required") ? "no secret: its logins are refused" : "not asked for";
    }
    return chap.get("user").asText()
        + (chap.get("targetUser").isNull()
            ? ", one way"
            : ", and the target as " + chap.get("targetUser").asText())
        + (chap.get("handOut").asBoolean() ? ", handed out by DHCP" : "")
        + (chap.get("eachBoot").asBoolean() ? ", made anew for each boot" : "")
        + (mode.equals("none") ? "; not asked for, since iscsi.chap is none" : "");
  }

  private static String keys(JsonNode client) {
    if (client.get("open").asBoolean()) {
      return "open";
    }
    List<String> keys = new ArrayList<>();
    client.get("macs").forEach(mac -> keys.add(mac.asText()));
    if (!client.get("uuid").isNull()) {
      keys.add(client.get("uuid").asText());
    }
    client.get("initiators").forEach(name -> keys.add(name.asText()));
    client.get("circuits").forEach(circuit -> keys.add(circuit.asText()));
    if (keys.isEmpty()) {
      keys.add("CHAP");
    }
    return String.join(" ", keys);
  }

  private static String text(JsonNode value) {
    return value.isNull() ? "-" : value.asText();
  }

  private static void pair(List<String[]> pairs, String name, String value) {
    pairs.add(new String[] {name, value});
  }
}
