// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The golden versions of a store. */
abstract class LocalVersions implements ImageStore {
  final StoreParts parts;

  LocalVersions(StoreParts parts) {
    this.parts = parts;
  }

  @Override
  public GoldenVersion importImage(
      Path file, String name, @Nullable SourceFormat format, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("an image", name);
    return parts.versions.importImage(file, name, format, progress);
  }

  @Override
  public GoldenVersion createBlank(String name, long sizeBytes, Progress progress)
      throws StoreException {
    parts.requireOpen();
    StoreParts.requireName("an image", name);
    return parts.versions.blank(name, sizeBytes, progress);
  }

  @Override
  public List<GoldenVersion> versions() {
    return parts.golden.versions();
  }

  @Override
  public Optional<GoldenVersion> find(String name, int number) {
    return parts.golden.find(name, number);
  }

  @Override
  public Optional<GoldenVersion> defaultVersion(String name) {
    return parts.golden.defaultVersion(name);
  }

  @Override
  public void setDefault(GoldenVersion version) throws StoreException {
    parts.requireOpen();
    GoldenVersion known = parts.known(version);
    try {
      parts.golden.setDefault(known);
    } catch (IOException failure) {
      throw Failures.of("cannot make " + version + " the default", failure);
    }
  }

  @Override
  public Optional<GoldenVersion> parent(GoldenVersion version) throws StoreException {
    try {
      return parts.shares.parent(parts.known(version));
    } catch (IOException failure) {
      throw Failures.of("cannot look at " + version, failure);
    }
  }

  @Override
  public long fileBytes(GoldenVersion version) throws StoreException {
    try {
      return Files.size(parts.golden.file(parts.known(version)));
    } catch (IOException failure) {
      throw Failures.of("cannot measure " + version, failure);
    }
  }

  @Override
  public List<String> usersOf(GoldenVersion version) throws StoreException {
    try {
      List<String> users = new ArrayList<>();
      for (Overlays overlays : parts.places.all()) {
        users.addAll(overlays.files().on(version));
      }
      users.addAll(parts.snapshots.on(version));
      return users;
    } catch (IOException failure) {
      throw Failures.of("cannot look for who uses " + version, failure);
    }
  }

  @Override
  public void removeVersion(GoldenVersion version) throws StoreException {
    parts.requireOpen();
    GoldenVersion known = parts.known(version);
    if (!parts.standing.writeLock().tryLock()) {
      throw new StoreException(
          Kind.IN_USE, "disks or versions are just being made; remove %s later".formatted(version));
    }
    try {
      List<String> users = new ArrayList<>(usersOf(known));
      parts.versions.children(known).forEach(child -> users.add(child + " (a delta on it)"));
      if (!users.isEmpty()) {
        throw new StoreException(
            Kind.IN_USE,
            "%s is in use by %s: remove what uses it, or give it another version first"
                .formatted(version, String.join(", ", users)));
      }
      parts.versions.remove(known);
    } catch (IOException failure) {
      throw Failures.of("cannot remove " + version, failure);
    } finally {
      parts.standing.writeLock().unlock();
    }
  }

  @Override
  public void verify(GoldenVersion version, Progress progress) throws StoreException {
    parts.requireOpen();
    parts.versions.verify(parts.known(version), progress);
  }

  @Override
  public void export(GoldenVersion version, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    parts.requireOpen();
    parts.versions.export(parts.known(version), file, format, progress);
  }

  /** Makes a delta whole now; the store does it by itself where they are many. */
  void flatten(GoldenVersion version) throws StoreException {
    try {
      parts.versions.flatten(parts.known(version));
    } catch (IOException failure) {
      throw Failures.of("cannot make %s whole".formatted(version), failure);
    }
  }
}
