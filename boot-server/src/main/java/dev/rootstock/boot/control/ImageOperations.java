// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.boots.BootRefusedException;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.images.guest.CloneCheck;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.LeasedDisk;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.SourceFormat;
import dev.rootstock.images.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code rootstock image} does. */
final class ImageOperations {
  private ImageOperations() {}

  static JsonNode importImage(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Path file = Path.of(arguments.required("file"));
    ImageStore store = workplace.installation().store();
    String name = arguments.required("name");
    return json(store, store.importImage(file, name, format(arguments), progress));
  }

  static JsonNode create(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    ImageStore store = workplace.installation().store();
    long size = Long.parseLong(arguments.required("sizeBytes"));
    return json(store, store.createBlank(arguments.required("name"), size, progress));
  }

  static JsonNode show(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    ImageStore store = installation.store();
    ImageReference image = ImageReference.parse(arguments.required("image"));
    version(installation, image);
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode images = result.putArray("images");
    for (GoldenVersion version : store.versions()) {
      if (version.name().equals(image.image())
          && image.version().orElse(version.number()) == version.number()) {
        ObjectNode node = json(store, version);
        node.put("fileBytes", store.fileBytes(version));
        ArrayNode users = node.putArray("users");
        ImageUsers.of(installation, version).forEach(users::add);
        images.add(node);
      }
    }
    return result;
  }

  static JsonNode setDefault(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    GoldenVersion version = version(installation, numbered(arguments));
    installation.store().setDefault(version);
    return json(installation.store(), version);
  }

  static JsonNode remove(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    GoldenVersion version = version(installation, numbered(arguments));
    List<String> users = ImageUsers.of(installation, version);
    if (!users.isEmpty()) {
      throw new RefusedException(
          "%s is in use by %s: remove what uses it, or give it another version first"
              .formatted(version, String.join(", ", users)));
    }
    List<String> stranded = ImageUsers.stranded(installation, version);
    if (!stranded.isEmpty()) {
      throw new RefusedException(
          ("%s is the last version of its image, which is what these boot from: %s; give them"
                  + " another image first")
              .formatted(version, String.join(", ", stranded)));
    }
    installation.store().removeVersion(version);
    return JsonNodeFactory.instance.objectNode().put("removed", version.toString());
  }

  static JsonNode export(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    GoldenVersion version =
        version(installation, ImageReference.parse(arguments.required("image")));
    Path file = Path.of(arguments.required("file"));
    installation.store().export(version, file, exportFormat(arguments, file), progress);
    ObjectNode node = json(installation.store(), version);
    node.put("file", file.toString());
    return node;
  }

  static JsonNode publish(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    ClientName client = new ClientName(arguments.required("client"));
    Registration known =
        installation.registry().find(client).orElseThrow(() -> Registry.unknown(client));
    if (known.client().mode() == Mode.READ_ONLY) {
      throw new RefusedException(
          "client '%s' is read-only: it has nothing of its own to publish".formatted(client));
    }
    String snapshot = arguments.text("snapshot");
    if (snapshot == null && !arguments.flag("live")) {
      // A disk that nobody writes is whole; --live takes what a power failure would leave.
      try {
        ClientOperations.await(workplace.boots().boot(client, arguments.flag("force")));
      } catch (BootRefusedException inUse) {
        throw new RefusedException(
            inUse.getMessage() + "; --live publishes what a power failure would leave now", inUse);
      }
    }
    ImageStore store = installation.store();
    String name = arguments.required("name");
    GoldenVersion version = store.publish(name, client.value(), snapshot, progress);
    ObjectNode node = json(store, version);
    ArrayNode warnings = node.putArray("warnings");
    try (LeasedDisk disk = store.openReadOnly(version)) {
      CloneCheck.of(disk.device()).forEach(warnings::add);
    } catch (StoreException e) {
      // It is published; that it could not be read again is worth no less than the rest.
      warnings.add("%s was not looked into: %s".formatted(version, e.getMessage()));
    }
    return node;
  }

  private static ImageReference numbered(Arguments arguments) throws RefusedException {
    ImageReference image = ImageReference.parse(arguments.required("image"));
    if (image.version().isEmpty()) {
      throw new RefusedException(
          "say which version: %s@NUMBER; 'rootstock image show %s' lists them"
              .formatted(image, image));
    }
    return image;
  }

  private static @Nullable SourceFormat format(Arguments arguments) throws RefusedException {
    String text = arguments.text("format");
    if (text == null) {
      return null;
    }
    return SourceFormat.parse(text)
        .orElseThrow(
            () ->
                new RefusedException(
                    "format '%s' is unknown: use one of %s".formatted(text, SourceFormat.all())));
  }

  /** What was said, else what the file's name ends in. */
  static SourceFormat exportFormat(Arguments arguments, Path file) throws RefusedException {
    SourceFormat said = format(arguments);
    if (said != null) {
      return said;
    }
    return SourceFormat.ofName(String.valueOf(file.getFileName()))
        .orElseThrow(
            () ->
                new RefusedException(
                    "the name of %s does not say its format: add --format with one of %s"
                        .formatted(file, SourceFormat.all())));
  }

  static JsonNode list(Workplace workplace, Arguments arguments, Progress progress)
      throws StoreException {
    ImageStore store = workplace.installation().store();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode images = result.putArray("images");
    for (GoldenVersion version : store.versions()) {
      images.add(json(store, version));
    }
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

  private static ObjectNode json(ImageStore store, GoldenVersion version) throws StoreException {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", version.name());
    node.put("version", version.number());
    node.put("default", store.defaultVersion(version.name()).filter(version::equals).isPresent());
    node.put("sizeBytes", version.sizeBytes());
    node.put("sha256", version.sha256());
    node.put("imported", version.imported().toString());
    node.put("format", version.format().text());
    node.put("origin", version.origin());
    node.put("parent", store.parent(version).map(GoldenVersion::toString).orElse(null));
    return node;
  }
}
