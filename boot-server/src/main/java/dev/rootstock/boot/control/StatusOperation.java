// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.boots.ClientStatus;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines.Dispute;
import dev.rootstock.boot.trail.Trail;
import dev.rootstock.images.block.Usage;
import dev.rootstock.images.store.Progress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What {@code rootstock status} shows: every client, and how far its machine has come. */
final class StatusOperation {
  private StatusOperation() {}

  static JsonNode status(Workplace workplace, Arguments arguments, Progress progress) {
    Instant now = Instant.now();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    put(result.putObject("store"), workplace.installation().store().usage());
    put(result.putObject("memory"), workplace.installation().store().memoryUsage());
    ArrayNode clients = result.putArray("clients");
    for (Registration each : workplace.installation().registry().all()) {
      ObjectNode node = clients.addObject();
      node.put("name", each.client().name().value());
      node.put("image", each.client().image().toString());
      node.put(
          "standsOn",
          older(workplace.installation(), each).map(ImageReference::toString).orElse(null));
      Optional<ClientStatus> status = workplace.boots().status(each.client().name());
      node.put("stage", status.map(known -> known.stage().text()).orElse("new"));
      node.put("bootedImage", status.map(ClientStatus::image).orElse(null));
      node.put("generation", status.map(ClientStatus::generation).orElse(0L));
      Optional<Trail> trail = workplace.trails().of(each.client().name().value());
      trail.ifPresentOrElse(
          known -> BootJson.put(node, known),
          () -> {
            node.putNull("started");
            node.putArray("steps");
            node.put("readBytes", 0L).put("writtenBytes", 0L).putNull("left");
          });
      node.put("stopped", stopped(status, trail, now).orElse(null));
      ArrayNode missing = node.putArray("missingDisks");
      status
          .map(ClientStatus::missing)
          .orElse(List.of())
          .forEach(disk -> missing.addObject().put("lun", disk.lun()).put("reason", disk.reason()));
    }
    ArrayNode disputed = result.putArray("disputed");
    for (Dispute each : workplace.disputed().all()) {
      disputed
          .addObject()
          .put("machine", each.machine())
          .put("reason", each.reason())
          .put("at", each.at().toString());
    }
    return result;
  }

  private static void put(ObjectNode node, Usage usage) {
    node.put("usedBytes", usage.allocatedBytes());
    if (usage.limitBytes() == Configuration.NO_LIMIT) {
      node.putNull("limitBytes");
    } else {
      node.put("limitBytes", usage.limitBytes());
    }
  }

  /**
   * The version that a persistent client's disk stands on, where a new disk of it would stand on
   * another one.
   */
  static Optional<ImageReference> older(Installation installation, Registration registration) {
    BootRecord boot = registration.boot();
    if (boot == null
        || boot.overlay() == null
        || boot.mode() != Mode.PERSISTENT
        || registration.client().mode() != Mode.PERSISTENT) {
      return Optional.empty();
    }
    return installation
        .version(registration.client().image())
        .map(version -> ImageReference.of(version.name(), version.number()))
        .filter(now -> !now.equals(boot.image()))
        .map(now -> boot.image());
  }

  private static Optional<String> stopped(
      Optional<ClientStatus> status, Optional<Trail> trail, Instant now) {
    Optional<ClientStatus.Refusal> refusal =
        status.flatMap(known -> Optional.ofNullable(known.refusal()));
    if (trail.isEmpty()) {
      return refusal.map(known -> "its login is refused: " + known.reason());
    }
    return trail
        .get()
        .stopped(
            refusal
                .filter(known -> known.at().isAfter(trail.get().began()))
                .map(ClientStatus.Refusal::reason),
            now);
  }
}
