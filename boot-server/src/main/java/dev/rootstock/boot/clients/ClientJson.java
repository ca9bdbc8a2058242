// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static dev.rootstock.boot.clients.JsonFields.address;
import static dev.rootstock.boot.clients.JsonFields.list;
import static dev.rootstock.boot.clients.JsonFields.only;
import static dev.rootstock.boot.clients.JsonFields.optional;
import static dev.rootstock.boot.clients.JsonFields.optionalList;
import static dev.rootstock.boot.clients.JsonFields.optionalNumber;
import static dev.rootstock.boot.clients.JsonFields.required;
import static dev.rootstock.boot.clients.JsonFields.strings;
import static dev.rootstock.boot.clients.JsonFields.text;
import static dev.rootstock.boot.clients.JsonFields.truth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Clients and groups in the registry's JSON. What somebody does not say has no field. */
final class ClientJson {
  private static final Set<String> SETTINGS =
      Set.of("image", "mode", "size", "limit", "secureBoot", "install", "menu");
  private static final Set<String> CLIENT =
      Set.of(
          "name",
          "macs",
          "uuid",
          "initiators",
          "circuits",
          "image",
          "mode",
          "size",
          "limit",
          "secureBoot",
          "install",
          "menu",
          "group",
          "address",
          "disks",
          "lease",
          "boot",
          "chap",
          "units",
          "seenCards",
          "enrolled");

  private ClientJson() {}

  static ObjectNode write(Group group) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", group.name().value());
    ObjectNode settings = node.putObject("settings");
    writeImage(settings, group.settings());
    writeBounds(settings, group.settings());
    return node;
  }

  static Group readGroup(JsonNode node) throws IOException {
    only(node, Set.of("name", "settings"));
    JsonNode settings = required(node, "settings");
    only(settings, SETTINGS);
    return new Group(new GroupName(text(required(node, "name"))), settings(settings));
  }

  private static void writeImage(ObjectNode node, Settings settings) {
    if (settings.image() != null) {
      node.put("image", settings.image().toString());
    }
    if (settings.mode() != null) {
      node.put("mode", settings.mode().text());
    }
  }

  private static void writeBounds(ObjectNode node, Settings settings) {
    settings.sizeBytes().ifPresent(size -> node.put("size", size));
    settings.limitBytes().ifPresent(limit -> node.put("limit", limit));
    if (settings.secureBoot() != null) {
      node.put("secureBoot", settings.secureBoot());
    }
    if (settings.install() != null) {
      node.put("install", settings.install());
    }
    if (settings.menu() != null) {
      strings(node, "menu", settings.menu());
    }
  }

  private static Settings settings(JsonNode node) throws IOException {
    return new Settings(
        optional(node.get("image"), ImageReference::parse),
        optional(node.get("mode"), Mode::parse),
        optionalNumber(node.get("size")),
        optionalNumber(node.get("limit")),
        optionalTruth(node.get("secureBoot")),
        optionalTruth(node.get("install")),
        node.has("menu") ? list(node.get("menu"), ImageReference::parse) : null);
  }

  private static @Nullable Boolean optionalTruth(@Nullable JsonNode node) throws IOException {
    return node == null ? null : truth(node);
  }

  static ObjectNode write(Registration registration) {
    Client client = registration.client();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", client.name().value());
    write(node, client.keys());
    if (client.group() != null) {
      node.put("group", client.group().name().value());
    }
    writeImage(node, client.own());
    if (client.address() != null) {
      node.put("address", client.address().getHostAddress());
    }
    writeBounds(node, client.own());
    if (!client.disks().isEmpty()) {
      node.set("disks", FurtherDiskJson.write(client.disks()));
    }
    if (registration.lease() != null) {
      node.put("lease", registration.lease().getHostAddress());
    }
    if (registration.boot() != null) {
      node.set("boot", BootJson.write(registration.boot()));
    }
    if (registration.chap() != null) {
      node.set("chap", write(registration.chap()));
    }
    if (!registration.units().isEmpty()) {
      ObjectNode units = node.putObject("units");
      new TreeMap<>(registration.units())
          .forEach((lun, bytes) -> units.put(lun.toString(), bytes.base64()));
    }
    if (!registration.seenCards().isEmpty()) {
      strings(node, "seenCards", registration.seenCards());
    }
    if (registration.enrolled()) {
      node.put("enrolled", true);
    }
    return node;
  }

  private static void write(ObjectNode node, ClientKeys keys) {
    strings(node, "macs", keys.macs());
    if (keys.uuid() != null) {
      node.put("uuid", keys.uuid().toString());
    }
    strings(node, "initiators", keys.initiators());
    if (!keys.circuits().isEmpty()) {
      strings(node, "circuits", keys.circuits());
    }
  }

  /**
   * Reads a client.
   *
   * @param groups those there are when the client was written
   */
  static Registration read(JsonNode node, Function<GroupName, Optional<Group>> groups)
      throws IOException {
    only(node, CLIENT);
    Client client =
        new Client(
            new ClientName(text(required(node, "name"))),
            new ClientKeys(
                list(required(node, "macs"), MacAddress::parse),
                optional(node.get("uuid"), UUID::fromString),
                list(required(node, "initiators"), InitiatorName::new),
                optionalList(node.get("circuits"), RelayCircuit::parse)),
            settings(node),
            group(node.get("group"), groups),
            address(node.get("address")),
            FurtherDiskJson.read(node.path("disks")));
    return new Registration(
        client,
        address(node.get("lease")),
        node.has("boot") ? BootJson.read(node.get("boot")) : null,
        node.has("chap") ? chap(node.get("chap")) : null,
        units(node.path("units")),
        optionalList(node.get("seenCards"), MacAddress::parse),
        node.has("enrolled") && truth(node.get("enrolled")));
  }

  private static @Nullable Group group(
      @Nullable JsonNode node, Function<GroupName, Optional<Group>> groups) throws IOException {
    if (node == null) {
      return null;
    }
    GroupName name = new GroupName(text(node));
    return groups
        .apply(name)
        .orElseThrow(
            () -> new IOException("a client is of group '%s', which is not there".formatted(name)));
  }

  private static ObjectNode write(Chap chap) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    write(node, new Chap.Proofs(chap.client(), chap.target()));
    node.put("handOut", chap.handOut());
    if (chap.next() != null) {
      write(node.putObject("next"), chap.next());
    }
    return node;
  }

  private static void write(ObjectNode node, Chap.Proofs proofs) {
    node.put("user", proofs.client().user());
    node.put("secret", proofs.client().secret().text());
    if (proofs.target() != null) {
      node.put("targetUser", proofs.target().user());
      node.put("targetSecret", proofs.target().secret().text());
    }
  }

  private static Chap chap(JsonNode node) throws IOException {
    only(node, Set.of("user", "secret", "targetUser", "targetSecret", "handOut", "next"));
    JsonNode next = node.get("next");
    if (next != null) {
      only(next, Set.of("user", "secret", "targetUser", "targetSecret"));
    }
    Chap.Proofs now = proofs(node);
    return new Chap(
        now.client(),
        now.target(),
        truth(required(node, "handOut")),
        next == null ? null : proofs(next));
  }

  private static Chap.Proofs proofs(JsonNode node) throws IOException {
    Chap.Pair target = null;
    if (node.has("targetUser") || node.has("targetSecret")) {
      target =
          new Chap.Pair(
              text(required(node, "targetUser")), new Secret(text(required(node, "targetSecret"))));
    }
    return new Chap.Proofs(
        new Chap.Pair(text(required(node, "user")), new Secret(text(required(node, "secret")))),
        target);
  }

  private static Map<Integer, UnitBytes> units(JsonNode node) throws IOException {
    Map<Integer, UnitBytes> units = new HashMap<>();
    for (String lun : (Iterable<String>) node::fieldNames) {
      units.put(Integer.valueOf(lun), new UnitBytes(text(node.get(lun))));
    }
    return units;
  }
}
