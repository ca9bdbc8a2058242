// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.FurtherDisk;
import dev.rootstock.boot.clients.FurtherDisk.Own;
import dev.rootstock.boot.clients.FurtherDisk.Seed;
import dev.rootstock.boot.clients.FurtherDisk.Shared;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.seed.SeedContent;
import dev.rootstock.boot.seed.Seeds;
import dev.rootstock.images.store.DataDisks;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a command changes about a client's further disks.
 *
 * <p>A disk of its own is made before the registry knows of it and deleted after the registry has
 * forgotten it, so a crash leaves a disk too many, which the next start sweeps away, and never a
 * client without the disk that it was promised.
 *
 * @param drops LUNs of disks that go
 * @param adds disks that come, in order
 * @param seed what the seed disk shall hold; null to leave it as it is
 * @param noSeed whether the seed disk goes
 */
record DiskChange(
    List<Integer> drops, List<Addition> adds, @Nullable SeedContent seed, boolean noSeed) {
  private static final Logger log = LoggerFactory.getLogger(DiskChange.class);
  private static final String NEW = "new:";
  private static final Pattern LUN = Pattern.compile("[0-9]{1,4}");

  /** A disk that has no LUN yet. */
  sealed interface Addition {
    record OfImage(ImageReference image) implements Addition {}

    record OfItsOwn(UUID id, long sizeBytes) implements Addition {}
  }

  /** Reads what a command wants; refuses images that are not there. */
  static DiskChange of(Workplace workplace, Arguments arguments) throws RefusedException {
    List<Addition> adds = new ArrayList<>();
    for (String disk : arguments.texts("disks")) {
      if (disk.startsWith(NEW)) {
        adds.add(new Addition.OfItsOwn(UUID.randomUUID(), size(disk)));
      } else {
        ImageReference image = ImageReference.parse(disk);
        ImageOperations.version(workplace.installation(), image);
        adds.add(new Addition.OfImage(image));
      }
    }
    List<Integer> drops = new ArrayList<>();
    for (String lun : arguments.texts("dropDisks")) {
      if (!LUN.matcher(lun).matches()) {
        throw new RefusedException("'%s' is no LUN: write a number, as 1".formatted(lun));
      }
      drops.add(Integer.valueOf(lun));
    }
    return new DiskChange(
        drops, adds, seed(arguments.node().get("seed")), arguments.flag("noSeed"));
  }

  private static long size(String disk) throws RefusedException {
    try {
      return Long.parseLong(disk.substring(NEW.length()));
    } catch (NumberFormatException e) {
      throw new RefusedException("'%s' is no disk: write new:SIZE, as new:20G".formatted(disk), e);
    }
  }

  private static @Nullable SeedContent seed(@Nullable JsonNode node) {
    if (node == null || node.isNull()) {
      return null;
    }
    Map<String, String> files = new HashMap<>();
    for (Map.Entry<String, JsonNode> file : node.path("files").properties()) {
      files.put(file.getKey(), file.getValue().asText());
    }
    List<String> keys = new ArrayList<>();
    node.path("keys").forEach(key -> keys.add(key.asText()));
    return new SeedContent(files, keys);
  }

  /** The disks that a client has then, by LUN; new ones take the lowest that are free. */
  List<FurtherDisk> applied(List<FurtherDisk> now) {
    List<FurtherDisk> then = new ArrayList<>(now);
    for (int drop : drops) {
      if (!then.removeIf(disk -> disk.lun() == drop && !(disk instanceof Seed))) {
        throw new InvalidClientException(
            "there is no further disk at LUN %d to drop: 'rootstock client show' lists them"
                .formatted(drop));
      }
    }
    if (noSeed) {
      then.removeIf(Seed.class::isInstance);
    }
    for (Addition add : adds) {
      int lun = free(then);
      then.add(
          switch (add) {
            case Addition.OfImage(ImageReference image) -> new Shared(lun, image);
            case Addition.OfItsOwn(UUID id, long size) -> new Own(lun, id, size);
          });
    }
    if (seed != null && then.stream().noneMatch(Seed.class::isInstance)) {
      then.add(new Seed(free(then)));
    }
    return then;
  }

  private static int free(List<FurtherDisk> taken) {
    for (int lun = 1; lun <= Limits.DISKS; lun++) {
      int candidate = lun;
      if (taken.stream().noneMatch(disk -> disk.lun() == candidate)) {
        return lun;
      }
    }
    throw new InvalidClientException(
        "a client has %d further disks at most: drop one first".formatted(Limits.DISKS));
  }

  /** Whether it takes a disk away that the client writes, so that no session may have it. */
  boolean dropsOwn(Client client) {
    return client.disks().stream()
        .anyMatch(disk -> disk instanceof Own && drops.contains(disk.lun()));
  }

  /** Makes the disks that are the client's own. */
  void make(DataDisks store, ClientName client) throws StoreException {
    try {
      for (Addition add : adds) {
        if (add instanceof Addition.OfItsOwn(UUID id, long size)) {
          store.create(client.value(), new OverlayId(id), size);
        }
      }
    } catch (StoreException e) {
      unmake(store, client);
      throw e;
    }
  }

  /** Takes back what {@link #make} has made, since the registry did not take it. */
  void unmake(DataDisks store, ClientName client) {
    for (Addition add : adds) {
      if (add instanceof Addition.OfItsOwn own) {
        remove(store, client, own.id());
      }
    }
  }

  /** Deletes the disks of its own that a client had and has no more. */
  static void removeDropped(DataDisks store, Client before, Client after) {
    for (FurtherDisk disk : before.disks()) {
      if (disk instanceof Own own && !after.disks().contains(own)) {
        remove(store, before.name(), own.id());
      }
    }
  }

  private static void remove(DataDisks store, ClientName client, UUID id) {
    try {
      store.remove(client.value(), new OverlayId(id));
    } catch (StoreException e) {
      log.warn("client {}: {}; the next start removes it", client, e.getMessage());
    }
  }

  /** Keeps what the seed disk shall hold, or forgets it. */
  void keepSeed(Workplace workplace, ClientName client) throws IOException {
    Seeds seeds = new Seeds(workplace.installation().configuration().data());
    if (seed != null) {
      seeds.put(client, seed);
    } else if (noSeed) {
      seeds.remove(client);
    }
  }

  /** A client's further disks as they are shown. */
  static ArrayNode json(Workplace workplace, Client client) throws StoreException {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (FurtherDisk disk : client.disks()) {
      ObjectNode node = array.addObject().put("lun", disk.lun());
      switch (disk) {
        case Shared shared -> node.put("kind", "shared").put("image", shared.image().toString());
        case Own own ->
            node.put("kind", "own")
                .put("sizeBytes", own.sizeBytes())
                .put(
                    "fileBytes",
                    workplace
                        .installation()
                        .store()
                        .dataDisks()
                        .bytes(client.name().value(), new OverlayId(own.id())));
        case Seed _ -> node.put("kind", "seed");
      }
    }
    return array;
  }

  /** A disk of the client's own, by its LUN; refuses what is none, saying what it is. */
  static Own own(Client client, int lun) throws RefusedException {
    FurtherDisk found =
        client.disks().stream()
            .filter(disk -> disk.lun() == lun)
            .findFirst()
            .orElseThrow(
                () ->
                    new RefusedException(
                        "client '%s' has no disk at LUN %d: 'rootstock client show %s' lists them"
                            .formatted(client.name(), lun, client.name())));
    return switch (found) {
      case Own own -> own;
      case Shared shared ->
          throw new RefusedException(
              "LUN %d of client '%s' is %s: 'rootstock image export' writes that"
                  .formatted(lun, client.name(), shared.image()));
      case Seed _ ->
          throw new RefusedException(
              "LUN %d of client '%s' is its seed disk, which is made anew at each boot"
                  .formatted(lun, client.name()));
    };
  }

  /** The LUN that a command names; empty for the disk that the client boots from. */
  static OptionalLong lun(Arguments arguments) throws RefusedException {
    String lun = arguments.text("lun");
    if (lun == null || lun.equals("0")) {
      return OptionalLong.empty();
    }
    if (!LUN.matcher(lun).matches()) {
      throw new RefusedException("'%s' is no LUN: write a number, as 1".formatted(lun));
    }
    return OptionalLong.of(Long.parseLong(lun));
  }
}
