// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A YAML document as a tree that knows its lines, which Jackson's own tree forgets. */
sealed interface Yaml {
  Pattern PLACE = Pattern.compile("line ([0-9]{1,9}), column");

  /** The line it begins on, from 1. */
  int line();

  /** Keys and values, in the file's order. */
  record Mapping(int line, Map<String, Entry> entries) implements Yaml {}

  /** A value and the line of its key. */
  record Entry(int line, Yaml value) {}

  /** Values in order. */
  record Sequence(int line, List<Yaml> items) implements Yaml {}

  /** A text, a number, or true and false, as it was written; empty for null. */
  record Scalar(int line, String text) implements Yaml {}

  /**
   * Reads one document; an empty one is an empty mapping.
   *
   * @param file for messages
   */
  static Yaml parse(String file, String text) throws ConfigurationException {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      if (parser.nextToken() == null) {
        return new Mapping(1, Map.of());
      }
      Yaml document = node(file, parser);
      if (parser.nextToken() != null) {
        throw new ConfigurationException(
            "%s:%d: a second document begins here: write one only".formatted(file, line(parser)));
      }
      return document;
    } catch (JsonProcessingException e) {
      String message = e.getOriginalMessage();
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new ConfigurationException(
          "%s:%d: this is no YAML: %s".formatted(file, line(message, line), oneLine(message)));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory cannot be read", e);
    }
  }

  private static Yaml node(String file, YAMLParser parser)
      throws IOException, ConfigurationException {
    int line = line(parser);
    if (parser.isCurrentAlias() || parser.currentToken() == JsonToken.VALUE_EMBEDDED_OBJECT) {
      throw new ConfigurationException(
          "%s:%d: aliases and tags are not taken here: write the value itself"
              .formatted(file, line));
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(file, parser, line);
      case START_ARRAY -> {
        List<Yaml> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(node(file, parser));
        }
        yield new Sequence(line, items);
      }
      case VALUE_NULL -> new Scalar(line, "");
      default -> new Scalar(line, parser.getText());
    };
  }

  private static Mapping mapping(String file, YAMLParser parser, int line)
      throws IOException, ConfigurationException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      int at = line(parser);
      String key = parser.currentName();
      parser.nextToken();
      @Nullable Entry older = entries.put(key, new Entry(at, node(file, parser)));
      if (older != null) {
        throw new ConfigurationException(
            "%s:%d: key '%s' stands in line %d already: keep one of them"
                .formatted(file, at, key, older.line()));
      }
    }
    return new Mapping(line, entries);
  }

  private static int line(YAMLParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  /**
   * The line that a parser's message names: the last one, which is where it stopped, unless that is
   * the end of a file in which something was never closed.
   */
  private static int line(String message, int otherwise) {
    List<Integer> named =
        PLACE.matcher(message).results().map(place -> Integer.valueOf(place.group(1))).toList();
    if (named.isEmpty()) {
      return otherwise;
    }
    return message.contains("end of stream") ? named.getFirst() : named.getLast();
  }

  private static String oneLine(String message) {
    // What was being read and what is wrong with it begin lines; places and samples are indented.
    String said =
        message
            .lines()
            .filter(line -> !line.isBlank() && !Character.isWhitespace(line.charAt(0)))
            .collect(Collectors.joining(": "));
    return said.isEmpty() ? "it cannot be parsed" : said;
  }
}
