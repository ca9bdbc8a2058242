// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arguments of an operation, read field by field. */
record Arguments(JsonNode node) {

  String required(String field) throws RefusedException {
    String text = text(field);
    if (text == null) {
      throw new RefusedException("the request lacks '%s'".formatted(field));
    }
    return text;
  }

  @Nullable String text(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull() ? null : value.asText();
  }

  List<String> texts(String field) {
    List<String> texts = new ArrayList<>();
    node.path(field).forEach(value -> texts.add(value.asText()));
    return texts;
  }

  boolean flag(String field) {
    return node.path(field).asBoolean(false);
  }
}
