// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Boots as people read them. */
final class BootText {
  private BootText() {}

  /** The step that a boot came to last; null where there is none. */
  static @Nullable JsonNode latest(JsonNode boot) {
    JsonNode latest = null;
    for (JsonNode each : boot.get("steps")) {
      if (latest == null || !time(each).isBefore(time(latest))) {
        latest = each;
      }
    }
    return latest;
  }

  private static Instant time(JsonNode step) {
    return Instant.parse(step.get("at").asText());
  }

  /** How long after its beginning a boot took a step. */
  static String after(JsonNode boot, JsonNode step) {
    Duration taken = Duration.between(Instant.parse(boot.get("started").asText()), time(step));
    return "%.1f s".formatted(taken.toMillis() / 1000.0);
  }
}
