// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.boots.ClientStatus;
import dev.rootstock.boot.boots.ClientStatus.SessionStatus;
import dev.rootstock.boot.boots.Replacement;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.FurtherDisk;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.images.store.DataDisks;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.Snapshot;
import dev.rootstock.images.store.SourceFormat;
import dev.rootstock.images.store.StoreException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;

/** What {@code rootstock client} does with a client's disk. */
final class DiskOperations {
  private static final DateTimeFormatter BY_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private DiskOperations() {}

  /** Changes what the client's next boot gets, or with {@code rebase} what its disk stands on. */
  static JsonNode set(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Registration known = registration(workplace, arguments);
    ClientName name = known.client().name();
    String image = arguments.text("image");
    if (image != null) {
      ImageOperations.version(workplace.installation(), ImageReference.parse(image));
    }
    DiskChange disks = DiskChange.of(workplace, arguments);
    Registry registry = workplace.installation().registry();
    Client wanted = ClientDescription.changed(known.client(), arguments, registry, disks);
    checkAccess(workplace, known.client(), wanted);
    ClientOperations.checkAgainstDhcp(wanted, workplace.installation());
    if (!wanted.settings().equals(known.client().settings())) {
      ClientOperations.checkDisk(workplace.installation(), wanted);
    }
    if (arguments.flag("rebase")) {
      if (image == null) {
        throw new RefusedException("--rebase needs --image NAME@VERSION");
      }
      rebase(workplace, known, ImageReference.parse(image), arguments.flag("force"), progress);
    }
    if (disks.dropsOwn(known.client())) {
      // Nobody may write the disk any more that is about to go.
      ClientOperations.await(workplace.boots().boot(name, arguments.flag("force")));
    }
    DataDisks store = workplace.installation().store().dataDisks();
    disks.make(store, name);
    Registration after;
    try {
      after =
          ClientOperations.await(
              registry.update(
                  name,
                  now ->
                      now.withClient(
                          ClientDescription.changed(now.client(), arguments, registry, disks))));
    } catch (Exception e) {
      disks.unmake(store, name);
      throw e;
    }
    disks.keepSeed(workplace, name);
    DiskChange.removeDropped(store, known.client(), after.client());
    return ClientOperations.json(workplace, registration(workplace, arguments));
  }

  /** What changes who may log in would cut off a machine that comes back to its disk. */
  private static void checkAccess(Workplace workplace, Client before, Client after)
      throws RefusedException {
    boolean same =
        before.open() == after.open()
            && before.initiators().equals(after.initiators())
            && Objects.equals(before.address(), after.address());
    List<SessionStatus> sessions =
        workplace.boots().status(before.name()).map(ClientStatus::sessions).orElse(List.of());
    if (!same && !sessions.isEmpty()) {
      throw new RefusedException(
          ("client '%s' has session %d from %s, and could not come back to its disk with other"
                  + " --initiator or --address: stop that machine first")
              .formatted(before.name(), sessions.getFirst().id(), sessions.getFirst().address()));
    }
  }

  private static void rebase(
      Workplace workplace,
      Registration known,
      ImageReference image,
      boolean force,
      Progress progress)
      throws Exception {
    GoldenVersion version = ImageOperations.version(workplace.installation(), image);
    ImageStore store = workplace.installation().store();
    String client = known.client().name().value();
    replace(
        workplace,
        known,
        version,
        force,
        overlay -> store.rebase(client, version, overlay, progress));
  }

  static JsonNode restore(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Registration known = registration(workplace, arguments);
    ImageStore store = workplace.installation().store();
    String client = known.client().name().value();
    String wanted = arguments.required("snapshot");
    Snapshot snapshot =
        store.snapshots(client).stream()
            .filter(kept -> kept.name().equals(wanted))
            .findFirst()
            .orElseThrow(
                () ->
                    new RefusedException(
                        "client '%s' has no snapshot '%s': 'rootstock client show %s' lists them"
                            .formatted(client, wanted, client)));
    GoldenVersion base =
        ImageOperations.version(workplace.installation(), ImageReference.parse(snapshot.base()));
    replace(
        workplace,
        known,
        base,
        arguments.flag("force"),
        overlay -> store.restore(client, wanted, overlay, progress));
    return ClientOperations.json(workplace, registration(workplace, arguments));
  }

  private static void replace(
      Workplace workplace,
      Registration known,
      GoldenVersion base,
      boolean force,
      Replacement.Maker maker)
      throws Exception {
    BootRecord boot = known.boot();
    if (known.client().mode() != Mode.PERSISTENT) {
      throw new RefusedException(
          "client '%s' is %s: its next boot begins with its image in any case"
              .formatted(known.client().name(), known.client().mode().text()));
    }
    UUID overlay = boot == null ? null : boot.overlay();
    OverlayId id = overlay == null ? OverlayId.random() : new OverlayId(overlay);
    ImageReference image = ImageReference.of(base.name(), base.number());
    ClientOperations.await(
        workplace.boots().replace(known.client().name(), new Replacement(id, image, maker), force));
  }

  /** Keeps the disk as it is now, or forgets a snapshot. */
  static JsonNode snapshot(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    String client = registration(workplace, arguments).client().name().value();
    ImageStore store = workplace.installation().store();
    String remove = arguments.text("remove");
    if (remove != null) {
      store.removeSnapshot(client, remove);
      return JsonNodeFactory.instance.objectNode().put("removed", remove);
    }
    String name = arguments.text("snapshot");
    return json(
        store.snapshot(client, name == null ? BY_TIME.format(Instant.now()) : name, progress));
  }

  static JsonNode export(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    String client = registration(workplace, arguments).client().name().value();
    Path file = Path.of(arguments.required("file"));
    SourceFormat format = ImageOperations.exportFormat(arguments, file);
    ImageStore store = workplace.installation().store();
    OptionalLong lun = DiskChange.lun(arguments);
    if (lun.isPresent()) {
      UUID id =
          DiskChange.own(registration(workplace, arguments).client(), (int) lun.getAsLong()).id();
      store.dataDisks().export(client, new OverlayId(id), file, format, progress);
    } else {
      store.exportClient(client, file, format, progress);
    }
    return JsonNodeFactory.instance
        .objectNode()
        .put("name", client)
        .put("file", file.toString())
        .put("format", format.text());
  }

  static JsonNode check(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Client client = registration(workplace, arguments).client();
    ImageStore store = workplace.installation().store();
    for (FurtherDisk disk : client.disks()) {
      if (disk instanceof FurtherDisk.Own own) {
        store.dataDisks().check(client.name().value(), new OverlayId(own.id()));
      }
    }
    store.checkOverlay(client.name().value());
    return JsonNodeFactory.instance.objectNode().put("checked", client.name().value());
  }

  /** A client's snapshots, for {@code client show}. */
  static ArrayNode snapshots(Workplace workplace, Client client) throws StoreException {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (Snapshot snapshot : workplace.installation().store().snapshots(client.name().value())) {
      array.add(json(snapshot));
    }
    return array;
  }

  private static ObjectNode json(Snapshot snapshot) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("snapshot", snapshot.name())
        .put("image", snapshot.base())
        .put("sizeBytes", snapshot.sizeBytes())
        .put("fileBytes", snapshot.fileBytes())
        .put("taken", snapshot.taken().toString());
  }

  private static Registration registration(Workplace workplace, Arguments arguments)
      throws RefusedException {
    ClientName name = new ClientName(arguments.required("name"));
    return workplace.installation().registry().find(name).orElseThrow(() -> Registry.unknown(name));
  }
}
