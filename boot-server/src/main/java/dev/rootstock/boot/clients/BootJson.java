// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static dev.rootstock.boot.clients.JsonFields.list;
import static dev.rootstock.boot.clients.JsonFields.number;
import static dev.rootstock.boot.clients.JsonFields.only;
import static dev.rootstock.boot.clients.JsonFields.required;
import static dev.rootstock.boot.clients.JsonFields.strings;
import static dev.rootstock.boot.clients.JsonFields.text;
import static dev.rootstock.boot.clients.JsonFields.uuid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.BootRecord.Flag;
import java.io.IOException;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** A client's boot in the registry's JSON. */
final class BootJson {
  private BootJson() {}

  static ObjectNode write(BootRecord boot) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("generation", boot.generation());
    node.put("image", boot.image().toString());
    node.put("mode", boot.mode().text());
    if (boot.overlay() != null) {
      node.put("overlay", boot.overlay().toString());
    }
    strings(node, "machine", boot.machine().stream().map(InetAddress::getHostAddress).toList());
    strings(node, "displaced", boot.displaced().stream().map(InetAddress::getHostAddress).toList());
    strings(node, "flags", boot.flags().stream().sorted().map(BootJson::flagText).toList());
    return node;
  }

  static BootRecord read(JsonNode node) throws IOException {
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

  private static String flagText(Flag flag) {
    return flag.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
