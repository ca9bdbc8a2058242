// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code rootstock image} does. */
final class ImageOperations {
  private ImageOperations() {}

  static JsonNode importRaw(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Path file = Path.of(arguments.required("file"));
    ImageStore store = workplace.installation().store();
    return json(store, store.importRaw(file, arguments.required("name"), progress));
  }

  static JsonNode list(Workplace workplace, Arguments arguments, Progress progress) {
    ImageStore store = workplace.installation().store();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode images = result.putArray("images");
    store.versions().forEach(version -> images.add(json(store, version)));
    return result;
  }

  static JsonNode verify(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    String reference = arguments.text("image");
    List<GoldenVersion> versions = new ArrayList<>();
    if (reference == null) {
      versions.addAll(installation.store().versions());
    } else {
      versions.add(version(installation, ImageReference.parse(reference)));
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode verified = result.putArray("verified");
    for (GoldenVersion version : versions) {
      installation.store().verify(version, progress);
      verified.add(json(installation.store(), version));
    }
    return result;
  }

  /** The version that a reference means, or a refusal that says which there are. */
  static GoldenVersion version(Installation installation, ImageReference image)
      throws RefusedException {
    var found = installation.version(image);
    if (found.isPresent()) {
      return found.get();
    }
    List<String> others =
        installation.store().versions().stream()
            .filter(version -> version.name().equals(image.image()))
            .map(GoldenVersion::toString)
            .toList();
    throw new RefusedException(
        others.isEmpty()
            ? "there is no image '%s': 'rootstock image import FILE --name %s' makes it"
                .formatted(image.image(), image.image())
            : "there is no version '%s': there is %s".formatted(image, String.join(", ", others)));
  }

  private static ObjectNode json(ImageStore store, GoldenVersion version) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", version.name());
    node.put("version", version.number());
    node.put("default", store.defaultVersion(version.name()).filter(version::equals).isPresent());
    node.put("sizeBytes", version.sizeBytes());
    node.put("sha256", version.sha256());
    node.put("imported", version.imported().toString());
    return node;
  }
}
