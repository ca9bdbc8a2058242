// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies of clients' disks: snapshots, new versions, other overlays, files outside the store. */
abstract class LocalCopies extends LocalDisks {
  LocalCopies(StoreParts parts) {
    super(parts);
  }

  @Override
  public GoldenVersion publish(
      String name, String client, @Nullable String snapshot, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("an image", name);
    StoreParts.requireName("a client", client);
    try (StoreParts.Standing _ = parts.stand()) {
      return snapshot == null
          ? parts.snapshots.useNow(
              client,
              half(progress, 0),
              (layer, file, base) ->
                  parts.versions.publish(
                      name, "client " + client + " on " + base, layer, base, half(progress, 1)))
          : parts.snapshots.use(
              client,
              StoreParts.requireName("a snapshot", snapshot),
              (layer, file, base) ->
                  parts.versions.publish(
                      name,
                      "snapshot %s of client %s on %s".formatted(snapshot, client, base),
                      layer,
                      base,
                      progress));
    } catch (IOException failure) {
      throw Failures.of("cannot publish the disk of " + client, failure);
    }
  }

  /** Progress of a first or a second part of the same length. */
  private static Progress half(Progress progress, int part) {
    return (done, total) -> progress.at(part * total + done, 2 * total);
  }

  @Override
  public Snapshot snapshot(String client, String name, Progress progress) throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    StoreParts.requireName("a snapshot", name);
    try (StoreParts.Standing _ = parts.stand()) {
      return parts.snapshots.take(client, name, progress);
    } catch (IOException failure) {
      throw Failures.of("cannot keep the disk of " + client, failure);
    }
  }

  @Override
  public List<Snapshot> snapshots(String client) throws StoreException {
    StoreParts.requireName("a client", client);
    try {
      return parts.snapshots.of(client);
    } catch (IOException failure) {
      throw Failures.of("cannot list the snapshots of " + client, failure);
    }
  }

  @Override
  public void removeSnapshot(String client, String name) throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    StoreParts.requireName("a snapshot", name);
    try {
      parts.snapshots.remove(client, name);
    } catch (IOException failure) {
      throw Failures.of("cannot remove a snapshot of " + client, failure);
    }
  }

  @Override
  public GoldenVersion restore(String client, String snapshot, OverlayId id, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    StoreParts.requireName("a snapshot", snapshot);
    try (StoreParts.Standing _ = parts.stand()) {
      return parts.snapshots.use(
          client,
          snapshot,
          (layer, file, base) -> {
            parts.places.disk().fill(client, id, base, layer, progress);
            parts.places.removeBut(parts.places.disk(), client);
            return base;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot restore the disk of " + client, failure);
    }
  }

  @Override
  public void rebase(String client, GoldenVersion base, OverlayId id, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    GoldenVersion known = parts.known(base);
    try (StoreParts.Standing _ = parts.stand()) {
      parts.snapshots.useNow(
          client,
          half(progress, 0),
          (layer, file, old) -> {
            parts.places.disk().fill(client, id, known, layer, half(progress, 1));
            parts.places.removeBut(parts.places.disk(), client);
            return known;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot rebase the disk of " + client, failure);
    }
  }

  @Override
  public void exportClient(String client, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("a client", client);
    try (StoreParts.Standing _ = parts.stand()) {
      parts.snapshots.useNow(
          client,
          half(progress, 0),
          (layer, ours, base) -> {
            new Export(layer, ours, parts.opener).to(file, format, half(progress, 1));
            return base;
          });
    } catch (IOException failure) {
      throw Failures.of("cannot export the disk of " + client, failure);
    }
  }
}
