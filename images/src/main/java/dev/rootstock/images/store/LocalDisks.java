// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.Usage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/** The disks of a store's clients, and all that is a client's. */
abstract class LocalDisks extends LocalVersions {
  LocalDisks(StoreParts parts) {
    super(parts);
  }

  @Override
  public LeasedDisk openReadOnly(GoldenVersion version) throws StoreException {
    parts.requireOpen();
    try (StoreParts.Standing _ = parts.stand()) {
      return parts.leases.readOnly(parts.known(version));
    }
  }

  @Override
  public void createOverlay(String client, OverlayId id, GoldenVersion base, long sizeBytes)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    try (StoreParts.Standing _ = parts.stand()) {
      parts.places.disk().createOverlay(client, id, parts.known(base), sizeBytes);
      parts.places.removeBut(parts.places.disk(), client);
    }
  }

  @Override
  public void provideOverlay(
      String client, OverlayId id, GoldenVersion base, long sizeBytes, Place place)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    try (StoreParts.Standing _ = parts.stand()) {
      Overlays provided = parts.places.toMake(place);
      provided.provideOverlay(client, id, parts.known(base), sizeBytes);
      parts.places.removeBut(provided, client);
    }
  }

  @Override
  public void checkMemory() throws StoreException {
    parts.places.memory().check();
  }

  @Override
  public LeasedDisk openOverlay(
      String client, OverlayId id, Place place, LongSupplier limit, BeforeFlushed told)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    return parts.places.in(place).openOverlay(client, id, limit, told);
  }

  @Override
  public long overlayBytes(String client) throws StoreException {
    StoreParts.requireName("a client", client);
    return parts.places.of(client).overlayBytes(client);
  }

  @Override
  public Usage usage() {
    return parts.space.usage();
  }

  @Override
  public Usage memoryUsage() {
    return parts.places.memory().usage();
  }

  @Override
  public long clientBytes(String client) throws StoreException {
    StoreParts.requireName("a client", client);
    return parts.space.usedBy(client);
  }

  @Override
  public void limits(ToLongFunction<String> ofClient) {
    parts.space.limits(ofClient);
  }

  @Override
  public void overlays(Function<String, Optional<OverlayId>> ofClient) {
    parts.places.recorded(ofClient);
  }

  @Override
  public void removeOverlay(String client) throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    parts.places.remove(client);
  }

  @Override
  public void checkOverlay(String client) throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    parts.places.of(client).check(client);
  }

  @Override
  public DataDisks dataDisks() {
    parts.requireOpen();
    return parts.dataDisks;
  }

  @Override
  public List<String> clients() throws StoreException {
    try {
      TreeSet<String> names = new TreeSet<>();
      for (Overlays overlays : parts.places.all()) {
        names.addAll(overlays.files().clients());
      }
      names.addAll(parts.snapshots.clients());
      parts.dataDisks.all().forEach(disk -> names.add(disk.client()));
      return List.copyOf(names);
    } catch (IOException failure) {
      throw Failures.of("cannot list the disks", failure);
    }
  }

  @Override
  public void forget(String client) throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    parts.places.forget(client);
    parts.dataDisks.forget(client);
    try {
      parts.snapshots.removeAll(client);
    } catch (IOException failure) {
      throw Failures.of("cannot remove the snapshots of " + client, failure);
    }
  }
}
