// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static dev.rootstock.boot.clients.JsonFields.required;
import static dev.rootstock.boot.clients.JsonFields.text;
import static dev.rootstock.boot.clients.JsonFields.uuid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;

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

  /** One change: the client or group as it is from now on, or the name of one that is gone. */
  sealed interface Change {
    /** The client is new, or replaces the one of the same name. */
    record Put(Registration registration) implements Change {}

    /** The client is gone. */
    record Remove(ClientName name) implements Change {}

    /** The group is new, or replaces the one of the same name for all its clients. */
    record PutGroup(Group group) implements Change {}

    /** The group, which has no clients, is gone. */
    record RemoveGroup(GroupName name) implements Change {}
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
        case Change.Put put -> array.addObject().set("put", ClientJson.write(put.registration()));
        case Change.Remove remove -> array.addObject().put("remove", remove.name().value());
        case Change.PutGroup put ->
            array.addObject().set("putGroup", ClientJson.write(put.group()));
        case Change.RemoveGroup remove ->
            array.addObject().put("removeGroup", remove.name().value());
      }
    }
    return bytes(array);
  }

  /**
   * Reads the changes of one record.
   *
   * @param groups those there are; asked after the changes before have been taken
   * @param take takes each change, in order
   */
  static void readChanges(
      byte[] record, Function<GroupName, Optional<Group>> groups, Consumer<Change> take)
      throws IOException {
    JsonNode array = JSON.readTree(record);
    if (!array.isArray()) {
      throw new IOException("a record is no list of changes");
    }
    for (JsonNode node : array) {
      if (node.size() != 1) {
        throw new IOException("a change is more than one");
      }
      String what = node.fieldNames().next();
      JsonNode value = required(node, what);
      take.accept(
          switch (what) {
            case "put" -> new Change.Put(ClientJson.read(value, groups));
            case "remove" -> new Change.Remove(new ClientName(text(value)));
            case "putGroup" -> new Change.PutGroup(ClientJson.readGroup(value));
            case "removeGroup" -> new Change.RemoveGroup(new GroupName(text(value)));
            default -> throw new IOException("'%s' is no change".formatted(Text.shown(what)));
          });
    }
  }

  private static byte[] bytes(JsonNode node) {
    try {
      return JSON.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values has no JSON form", e);
    }
  }
}
