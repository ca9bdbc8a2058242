// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** The options that clients and groups have in common, and their way into a request. */
final class SettingOptions {
  private static final List<String> TRUTHS = List.of("true", "false");

  private SettingOptions() {}

  /** What a client or group may say of disks and boots. */
  static List<Option> settings() {
    return List.of(
        Command.option("image", "NAME[@VERSION]", "the image that disks are made from"),
        Command.option("mode", "MODE", "persistent, ephemeral, memory or read-only"),
        Command.option("size", "SIZE", "the size of new disks, as 40G; 0 for the image's"),
        Command.option("limit", "SIZE", "what writes may take in the store; 0 for no limit"),
        Command.option(
            "secure-boot", "true|false", "whether firmware gets programs signed for Secure Boot"),
        Command.option(
            "install",
            "true|false",
            "whether the disk is only attached, for an installer that the machine boots instead"),
        Command.option(
            "menu",
            "NAME[@VERSION],...",
            "images to choose from at the console, unless the disk is persistent; none for no"
                + " menu"));
  }

  /** By what a machine is recognised. */
  static List<Option> keys() {
    return List.of(
        Command.list("mac", "MAC", "a network card that it boots from"),
        Command.option("uuid", "UUID", "its SMBIOS UUID"),
        Command.list("initiator", "IQN", "an initiator name that may log in"),
        Command.list(
            "circuit",
            "relay=A,circuit=ID,remote=ID",
            "a place as a relay agent names it, with circuit or remote"));
  }

  /** Puts the settings that were given. */
  static void putSettings(Invocation invocation, ObjectNode arguments) throws UsageException {
    put(invocation, arguments, "image");
    put(invocation, arguments, "mode");
    size(invocation, arguments, "size", "sizeBytes");
    size(invocation, arguments, "limit", "limitBytes");
    truth(invocation, arguments, "secure-boot", "secureBoot");
    truth(invocation, arguments, "install", "install");
    String menu = invocation.value("menu");
    if (menu != null) {
      strings(arguments, "menu", List.of(menu.split(",", -1)));
    }
  }

  /** Puts the keys that were given. */
  static void putKeys(Invocation invocation, ObjectNode arguments) {
    strings(arguments, "macs", invocation.values("mac"));
    put(invocation, arguments, "uuid");
    strings(arguments, "initiators", invocation.values("initiator"));
    strings(arguments, "circuits", invocation.values("circuit"));
  }

  static void put(Invocation invocation, ObjectNode arguments, String option) {
    String value = invocation.value(option);
    if (value != null) {
      arguments.put(option, value);
    }
  }

  static void strings(ObjectNode node, String field, List<String> values) {
    if (!values.isEmpty()) {
      ArrayNode array = node.putArray(field);
      values.forEach(array::add);
    }
  }

  private static void truth(
      Invocation invocation, ObjectNode arguments, String option, String field)
      throws UsageException {
    String truth = invocation.value(option);
    if (truth != null) {
      if (!TRUTHS.contains(truth)) {
        throw new UsageException(
            "'--%s %s' is not known: use true or false".formatted(option, truth));
      }
      arguments.put(field, truth);
    }
  }

  private static void size(Invocation invocation, ObjectNode arguments, String option, String field)
      throws UsageException {
    String size = invocation.value(option);
    if (size != null) {
      arguments.put(field, size.equals("0") ? 0 : Size.parse(size));
    }
  }
}
