// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.trail.Trail.Mark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;

/** A client's boots as its file holds them. */
final class TrailCodec {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FORMAT = 1;

  private TrailCodec() {}

  static byte[] bytes(List<Trail> boots) {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
    ArrayNode all = root.putArray("boots");
    boots.forEach(trail -> write(all.addObject(), trail));
    try {
      return JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values has no JSON form", e);
    }
  }

  private static void write(ObjectNode node, Trail trail) {
    node.put("began", trail.began().toString())
        .put("generation", trail.generation())
        .put("readBytes", trail.readBytes())
        .put("writtenBytes", trail.writtenBytes());
    ArrayNode steps = node.putArray("steps");
    trail.marks().forEach((step, mark) -> put(steps.addObject().put("step", step.text()), mark));
    if (trail.left() != null) {
      put(node.putObject("left"), trail.left());
    }
  }

  private static void put(ObjectNode node, Mark mark) {
    node.put("at", mark.at().toString()).put("detail", mark.detail());
  }

  /**
   * Reads what {@link #bytes} wrote.
   *
   * @throws IOException in one line, where it is anything else
   */
  static List<Trail> parse(byte[] bytes) throws IOException {
    try {
      JsonNode root = JSON.readTree(bytes);
      if (root.path("format").asInt() != FORMAT) {
        throw new IOException("it has another format");
      }
      List<Trail> boots = new ArrayList<>();
      for (JsonNode each : root.path("boots")) {
        boots.add(trail(each));
      }
      return boots;
    } catch (IllegalArgumentException | DateTimeException | JsonProcessingException e) {
      throw new IOException(String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  private static Trail trail(JsonNode node) throws IOException {
    EnumMap<Step, Mark> marks = new EnumMap<>(Step.class);
    for (JsonNode each : node.path("steps")) {
      marks.put(Step.parse(each.path("step").asText()), mark(each));
    }
    if (marks.isEmpty()) {
      throw new IOException("a boot has no step");
    }
    JsonNode left = node.path("left");
    return new Trail(
        Instant.parse(node.path("began").asText()),
        node.path("generation").asLong(),
        marks,
        node.path("readBytes").asLong(),
        node.path("writtenBytes").asLong(),
        left.isMissingNode() ? null : mark(left));
  }

  private static Mark mark(JsonNode node) {
    return new Mark(Instant.parse(node.path("at").asText()), node.path("detail").asText());
  }
}
