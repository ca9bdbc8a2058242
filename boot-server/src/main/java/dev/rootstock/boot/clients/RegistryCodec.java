// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.BootRecord.Flag;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The registry's records as JSON, field by field: what stands here is format version {@link
 * #FORMAT}, and a change of it that an older Rootstock would misread needs a new number.
 *
 * <p>Reading is strict. A field that this version does not know, or a value that cannot be, is a
 * corrupt record and never a guess.
 */
final class RegistryCodec {
  /** The format that this code writes, and the newest that it reads. */
  static final int FORMAT = 1;

  private static final String MAGIC = "registry";
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          // A message about a damaged record must not show the secrets in it.
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private RegistryCodec() {}

  /** One change: the client as it is from now on, or the name of one that is gone. */
  sealed interface Change {
    /** The client is new, or replaces the one of the same name. */
    record Put(Registration registration) implements Change {}

    /** The client is gone. */
    record Remove(ClientName name) implements Change {}
  }

  static byte[] header(UUID installation) {
    ObjectNode node = JSON.createObjectNode();
    node.put("rootstock", MAGIC);
    node.put("format", FORMAT);
    node.put("installation", installation.toString());
    return bytes(node);
  }

  /** Reads the first record of a file; {@code file} is for messages only. */
  static UUID readHeader(byte[] record, String file) throws IOException {
    JsonNode node = JSON.readTree(record);
    if (!MAGIC.equals(node.path("rootstock").asText()) || !node.path("format").isInt()) {
      throw new IOException("the first record is not the header of a registry");
    }
    int format = node.get("format").asInt();
    if (format != FORMAT) {
      throw new RegistryException(
          ("%s has registry format %d, and this Rootstock knows format %d only: start the newer"
                  + " Rootstock that wrote it")
              .formatted(file, format, FORMAT));
    }
    return uuid(required(node, "installation"));
  }

  static byte[] changes(List<Change> changes) {
    ArrayNode array = JSON.createArrayNode();
    for (Change change : changes) {
      switch (change) {
        case Change.Put put -> array.addObject().set("put", json(put.registration()));
        case Change.Remove remove -> array.addObject().put("remove", remove.name().value());
      }
    }
    return bytes(array);
  }

  static List<Change> readChanges(byte[] record) throws IOException {
    JsonNode array = JSON.readTree(record);
    if (!array.isArray()) {
      throw new IOException("a record is no list of changes");
    }
    List<Change> changes = new ArrayList<>(array.size());
    for (JsonNode node : array) {
      if (node.size() == 1 && node.has("put")) {
        changes.add(new Change.Put(registration(node.get("put"))));
      } else if (node.size() == 1 && node.has("remove")) {
        changes.add(new Change.Remove(new ClientName(text(node.get("remove")))));
      } else {
        throw new IOException("a change is neither put nor remove");
      }
    }
    return changes;
  }

  private static ObjectNode json(Registration registration) {
    Client client = registration.client();
    ObjectNode node = JSON.createObjectNode();
    node.put("name", client.name().value());
    strings(node, "macs", client.macs());
    if (client.uuid() != null) {
      node.put("uuid", client.uuid().toString());
    }
    strings(node, "initiators", client.initiators());
    node.put("image", client.image().toString());
    node.put("mode", client.mode().text());
    if (client.address() != null) {
      node.put("address", client.address().getHostAddress());
    }
    client.sizeBytes().ifPresent(size -> node.put("size", size));
    client.limitBytes().ifPresent(limit -> node.put("limit", limit));
    if (!client.disks().isEmpty()) {
      strings(node, "disks", client.disks());
    }
    if (registration.lease() != null) {
      node.put("lease", registration.lease().getHostAddress());
    }
    if (registration.boot() != null) {
      node.set("boot", json(registration.boot()));
    }
    if (registration.chap() != null) {
      node.set("chap", json(registration.chap()));
    }
    if (!registration.units().isEmpty()) {
      ObjectNode units = node.putObject("units");
      new TreeMap<>(registration.units())
          .forEach((lun, bytes) -> units.put(lun.toString(), bytes.base64()));
    }
    return node;
  }

  private static ObjectNode json(Chap chap) {
    ObjectNode node = JSON.createObjectNode();
    node.put("user", chap.client().user());
    node.put("secret", chap.client().secret().text());
    if (chap.target() != null) {
      node.put("targetUser", chap.target().user());
      node.put("targetSecret", chap.target().secret().text());
    }
    node.put("handOut", chap.handOut());
    return node;
  }

  private static Chap chap(JsonNode node) throws IOException {
    only(node, Set.of("user", "secret", "targetUser", "targetSecret", "handOut"));
    Chap.Pair target = null;
    if (node.has("targetUser") || node.has("targetSecret")) {
      target =
          new Chap.Pair(
              text(required(node, "targetUser")), new Secret(text(required(node, "targetSecret"))));
    }
    return new Chap(
        new Chap.Pair(text(required(node, "user")), new Secret(text(required(node, "secret")))),
        target,
        required(node, "handOut").booleanValue());
  }

  private static ObjectNode json(BootRecord boot) {
    ObjectNode node = JSON.createObjectNode();
    node.put("generation", boot.generation());
    node.put("image", boot.image().toString());
    node.put("mode", boot.mode().text());
    if (boot.overlay() != null) {
      node.put("overlay", boot.overlay().toString());
    }
    strings(node, "machine", boot.machine().stream().map(InetAddress::getHostAddress).toList());
    strings(node, "displaced", boot.displaced().stream().map(InetAddress::getHostAddress).toList());
    strings(node, "flags", boot.flags().stream().sorted().map(RegistryCodec::text).toList());
    return node;
  }

  private static Registration registration(JsonNode node) throws IOException {
    only(
        node,
        Set.of(
            "name",
            "macs",
            "uuid",
            "initiators",
            "image",
            "mode",
            "address",
            "size",
            "limit",
            "disks",
            "lease",
            "boot",
            "chap",
            "units"));
    Client client =
        new Client(
            new ClientName(text(required(node, "name"))),
            list(required(node, "macs"), MacAddress::parse),
            node.has("uuid") ? uuid(node.get("uuid")) : null,
            list(required(node, "initiators"), InitiatorName::new),
            ImageReference.parse(text(required(node, "image"))),
            Mode.parse(text(required(node, "mode"))),
            address(node.get("address")),
            node.has("size") ? OptionalLong.of(number(node.get("size"))) : OptionalLong.empty(),
            node.has("limit") ? OptionalLong.of(number(node.get("limit"))) : OptionalLong.empty(),
            node.has("disks") ? list(node.get("disks"), ImageReference::parse) : List.of());
    return new Registration(
        client,
        address(node.get("lease")),
        node.has("boot") ? boot(node.get("boot")) : null,
        node.has("chap") ? chap(node.get("chap")) : null,
        units(node.path("units")));
  }

  private static Map<Integer, UnitBytes> units(JsonNode node) throws IOException {
    Map<Integer, UnitBytes> units = new HashMap<>();
    for (String lun : (Iterable<String>) node::fieldNames) {
      units.put(Integer.valueOf(lun), new UnitBytes(text(node.get(lun))));
    }
    return units;
  }

  private static BootRecord boot(JsonNode node) throws IOException {
    only(node, Set.of("generation", "mode", "image", "overlay", "machine", "displaced", "flags"));
    EnumSet<Flag> flags = EnumSet.noneOf(Flag.class);
    for (String name : list(required(node, "flags"), Function.identity())) {
      flags.add(Flag.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')));
    }
    return new BootRecord(
        number(required(node, "generation")),
        Mode.parse(text(required(node, "mode"))),
        ImageReference.parse(text(required(node, "image"))),
        node.has("overlay") ? uuid(node.get("overlay")) : null,
        // ofLiteral asks no name server.
        list(required(node, "machine"), InetAddress::ofLiteral),
        list(required(node, "displaced"), InetAddress::ofLiteral),
        flags);
  }

  private static String text(Flag flag) {
    return flag.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static void strings(ObjectNode node, String field, List<?> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(value -> array.add(value.toString()));
  }

  private static <T> List<T> list(JsonNode array, Function<String, T> parse) throws IOException {
    List<T> values = new ArrayList<>(array.size());
    for (JsonNode value : array) {
      values.add(parse.apply(text(value)));
    }
    return values;
  }

  private static @Nullable Inet4Address address(@Nullable JsonNode node) throws IOException {
    if (node == null) {
      return null;
    }
    // ofLiteral asks no name server.
    if (InetAddress.ofLiteral(text(node)) instanceof Inet4Address address) {
      return address;
    }
    throw new IOException("'%s' is no IPv4 address".formatted(text(node)));
  }

  private static void only(JsonNode node, Set<String> known) throws IOException {
    if (!node.isObject()) {
      throw new IOException("an object is missing");
    }
    for (String field : (Iterable<String>) node::fieldNames) {
      if (!known.contains(field)) {
        throw new IOException("field '%s' is unknown".formatted(Text.shown(field)));
      }
    }
  }

  private static JsonNode required(JsonNode node, String field) throws IOException {
    JsonNode value = node.get(field);
    if (value == null) {
      throw new IOException("field '%s' is missing".formatted(field));
    }
    return value;
  }

  private static UUID uuid(JsonNode node) throws IOException {
    return UUID.fromString(text(node));
  }

  private static String text(JsonNode node) throws IOException {
    if (!node.isTextual()) {
      throw new IOException("a text is missing");
    }
    return node.textValue();
  }

  private static long number(JsonNode node) throws IOException {
    if (!node.canConvertToLong() || !node.isIntegralNumber()) {
      throw new IOException("a whole number is missing");
    }
    return node.longValue();
  }

  private static byte[] bytes(JsonNode node) {
    try {
      return JSON.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values has no JSON form", e);
    }
  }
}
