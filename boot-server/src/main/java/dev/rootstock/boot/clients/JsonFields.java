// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Fields of the registry's JSON, read strictly: what is not as it must be is an exception. */
final class JsonFields {
  private JsonFields() {}

  static void strings(ObjectNode node, String field, List<?> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(value -> array.add(value.toString()));
  }

  static <T> List<T> list(JsonNode array, Function<String, T> parse) throws IOException {
    List<T> values = new ArrayList<>(array.size());
    for (JsonNode value : array) {
      values.add(parse.apply(text(value)));
    }
    return values;
  }

  static @Nullable Inet4Address address(@Nullable JsonNode node) throws IOException {
    if (node == null) {
      return null;
    }
    // ofLiteral asks no name server.
    if (InetAddress.ofLiteral(text(node)) instanceof Inet4Address address) {
      return address;
    }
    throw new IOException("'%s' is no IPv4 address".formatted(text(node)));
  }

  static void only(JsonNode node, Set<String> known) throws IOException {
    if (!node.isObject()) {
      throw new IOException("an object is missing");
    }
    for (String field : (Iterable<String>) node::fieldNames) {
      if (!known.contains(field)) {
        throw new IOException("field '%s' is unknown".formatted(Text.shown(field)));
      }
    }
  }

  static JsonNode required(JsonNode node, String field) throws IOException {
    JsonNode value = node.get(field);
    if (value == null) {
      throw new IOException("field '%s' is missing".formatted(field));
    }
    return value;
  }

  static UUID uuid(JsonNode node) throws IOException {
    return UUID.fromString(text(node));
  }

  static String text(JsonNode node) throws IOException {
    if (!node.isTextual()) {
      throw new IOException("a text is missing");
    }
    return node.textValue();
  }

  static long number(JsonNode node) throws IOException {
    if (!node.canConvertToLong() || !node.isIntegralNumber()) {
      throw new IOException("a whole number is missing");
    }
    return node.longValue();
  }

  static OptionalLong optionalNumber(@Nullable JsonNode node) throws IOException {
    return node == null ? OptionalLong.empty() : OptionalLong.of(number(node));
  }

  /** A value that need not be there. */
  static <T> @Nullable T optional(@Nullable JsonNode node, Function<String, T> parse)
      throws IOException {
    return node == null ? null : parse.apply(text(node));
  }

  /** A list that need not be there. */
  static <T> List<T> optionalList(@Nullable JsonNode node, Function<String, T> parse)
      throws IOException {
    return node == null ? List.of() : list(node, parse);
  }

  /** JSON has true and false and nothing that is like them. */
  static boolean truth(JsonNode node) throws IOException {
    if (!node.isBoolean()) {
      throw new IOException("true or false is missing");
    }
    return node.booleanValue();
  }
}
