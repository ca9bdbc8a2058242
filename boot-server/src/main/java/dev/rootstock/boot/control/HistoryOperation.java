// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.trail.Trail;
import dev.rootstock.images.store.Progress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What {@code client history} shows: the last boots of one client. */
final class HistoryOperation {
  private HistoryOperation() {}

  static JsonNode history(Workplace workplace, Arguments arguments, Progress progress)
      throws RefusedException {
    ClientName name = new ClientName(arguments.required("name"));
    if (workplace.installation().registry().find(name).isEmpty()) {
      throw Registry.unknown(name);
    }
    Instant now = Instant.now();
    ObjectNode result = JsonNodeFactory.instance.objectNode().put("name", name.value());
    ArrayNode boots = result.putArray("boots");
    List<Trail> history = workplace.trails().history(name.value());
    for (Trail each : history) {
      ObjectNode node = boots.addObject().put("generation", each.generation());
      BootJson.put(node, each);
      // Why its logins are refused is known of the present only, and 'status' shows it.
      node.put("stopped", each.stopped(Optional.empty(), now).orElse(null));
    }
    return result;
  }
}
