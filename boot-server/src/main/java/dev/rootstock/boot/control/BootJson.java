// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.trail.Step;
import dev.rootstock.boot.trail.Trail;

/** A boot in the form that docs/cli.md promises to programs. */
final class BootJson {
  private BootJson() {}

  /** Puts a boot's fields into an object. */
  static void put(ObjectNode node, Trail boot) {
    node.put("started", boot.began().toString());
    ArrayNode steps = node.putArray("steps");
    boot.marks().forEach((step, mark) -> put(steps.addObject(), step, mark));
    node.put("readBytes", boot.readBytes()).put("writtenBytes", boot.writtenBytes());
    Trail.Mark left = boot.left();
    if (left == null) {
      node.putNull("left");
    } else {
      node.putObject("left").put("at", left.at().toString()).put("reason", left.detail());
    }
  }

  private static void put(ObjectNode node, Step step, Trail.Mark mark) {
    node.put("step", step.text()).put("at", mark.at().toString()).put("detail", mark.detail());
  }
}
