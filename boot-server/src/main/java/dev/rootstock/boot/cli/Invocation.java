// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.ConfigurationException;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.control.ControlClient;
import dev.rootstock.images.store.Progress;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/** A command as it was called. */
record Invocation(Command command, CommandLine line, Console console) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The operand of this number, from 0. */
  String operand(int index) {
    return line.getArgList().get(index);
  }

  /** The value of an option, or null. */
  @Nullable String value(String option) {
    return line.getOptionValue(option);
  }

  /** The value of an option that has to be there. */
  String required(String option) throws UsageException {
    String value = value(option);
    if (value == null) {
      throw new UsageException(
          "'%s' needs --%s: see rootstock %s --help"
              .formatted(command.name(), option, command.name()));
    }
    return value;
  }

  /** All values of an option that may be repeated. */
  List<String> values(String option) {
    String[] values = line.getOptionValues(option);
    return values == null ? List.of() : List.of(values);
  }

  boolean has(String option) {
    return line.hasOption(option);
  }

  boolean json() {
    return has("json");
  }

  Configuration configuration() throws ConfigurationException {
    String file = value("config");
    return ConfigurationFile.load(file == null ? null : Path.of(file));
  }

  /** Arguments for {@link #call}, to be filled. */
  ObjectNode arguments() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** Has the running server do it, or does it here when none runs. */
  JsonNode call(String operation, ObjectNode arguments) throws Exception {
    return call(operation, arguments, Progress.NONE);
  }

  JsonNode call(String operation, ObjectNode arguments, Progress progress) throws Exception {
    return ControlClient.call(configuration(), operation, arguments, progress);
  }

  /** Prints one line of the answer. */
  void print(String text) {
    console.out().println(text);
  }

  /** Prints the answer for programs. */
  void printJson(JsonNode node) {
    printJson(node, JSON.writerWithDefaultPrettyPrinter());
  }

  /** Prints one of many answers for programs, each a line. */
  void printJsonLine(JsonNode node) {
    printJson(node, JSON.writer());
  }

  private void printJson(JsonNode node, ObjectWriter writer) {
    try {
      console.out().println(writer.writeValueAsString(node));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values has no JSON form", e);
    }
  }
}
