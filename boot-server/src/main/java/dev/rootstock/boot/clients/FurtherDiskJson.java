// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static dev.rootstock.boot.clients.JsonFields.number;
import static dev.rootstock.boot.clients.JsonFields.only;
import static dev.rootstock.boot.clients.JsonFields.required;
import static dev.rootstock.boot.clients.JsonFields.text;
import static dev.rootstock.boot.clients.JsonFields.uuid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.FurtherDisk.Own;
import dev.rootstock.boot.clients.FurtherDisk.Seed;
import dev.rootstock.boot.clients.FurtherDisk.Shared;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Further disks in the registry's file. */
final class FurtherDiskJson {
  private FurtherDiskJson() {}

  static ArrayNode write(List<FurtherDisk> disks) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    disks.forEach(disk -> array.add(write(disk)));
    return array;
  }

  private static ObjectNode write(FurtherDisk disk) {
    ObjectNode node = JsonNodeFactory.instance.objectNode().put("lun", disk.lun());
    return switch (disk) {
      case Shared shared -> node.put("image", shared.image().toString());
      case Own own -> node.put("own", own.id().toString()).put("size", own.sizeBytes());
      case Seed _ -> node.put("seed", true);
    };
  }

  static List<FurtherDisk> read(JsonNode array) throws IOException {
    List<FurtherDisk> disks = new ArrayList<>();
    for (JsonNode node : array) {
      // The first version wrote names of images only, in the order of their LUNs.
      disks.add(
          node.isTextual()
              ? new Shared(disks.size() + 1, ImageReference.parse(text(node)))
              : disk(node));
    }
    return disks;
  }

  private static FurtherDisk disk(JsonNode node) throws IOException {
    only(node, Set.of("lun", "image", "own", "size", "seed"));
    int lun = Math.toIntExact(number(required(node, "lun")));
    if (node.has("image")) {
      return new Shared(lun, ImageReference.parse(text(node.get("image"))));
    }
    return node.has("own")
        ? new Own(lun, uuid(node.get("own")), number(required(node, "size")))
        : new Seed(lun);
  }
}
