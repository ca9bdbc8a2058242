// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.MapCache;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Golden images that are open: one file for however many disks stand on it. A delta holds a share
 * of the version below it.
 */
final class GoldenShares {
  private static final Logger LOG = LoggerFactory.getLogger(GoldenShares.class);

  /** A delta's backing name: another version of the same image, and nothing else. */
  private static final Pattern PARENT = Pattern.compile("([1-9][0-9]{0,5})\\.(?:raw|qcow2)");

  private static final class Share {
    final GoldenImage image;
    final @Nullable GoldenVersion parent;
    int users;

    Share(GoldenImage image, @Nullable GoldenVersion parent) {
      this.image = image;
      this.parent = parent;
    }
  }

  private final GoldenFiles files;
  private final HostFiles.Opener opener;
  private final MapCache cache = new MapCache(Limits.GOLDEN_MAP_BYTES);
  private final Map<GoldenVersion, Share> open = new HashMap<>();

  GoldenShares(GoldenFiles files, HostFiles.Opener opener) {
    this.files = files;
    this.opener = opener;
  }

  /** Every call is followed by one of {@link #release}. */
  synchronized GoldenImage acquire(GoldenVersion version) throws StoreException, IOException {
    Share share = open.get(version);
    if (share == null) {
      share = open(version);
      open.put(version, share);
    }
    share.users++;
    return share.image;
  }

  private Share open(GoldenVersion version) throws StoreException, IOException {
    GoldenVersion parent = parent(version).orElse(null);
    GoldenImage below = parent == null ? null : acquire(parent);
    GoldenImage image = null;
    boolean opened = false;
    try {
      Path file = files.file(version);
      image =
          version.format() == SourceFormat.RAW
              ? RawImage.open(file, opener)
              : Qcow2Image.open(file, opener, cache, below);
      if (image.size() != version.sizeBytes()) {
        throw new StoreException(
            Kind.CORRUPT,
            "%s has %d bytes where its description says %d: restore it from a backup"
                .formatted(version, image.size(), version.sizeBytes()));
      }
      opened = true;
      return new Share(image, parent);
    } finally {
      if (!opened) {
        if (image != null) {
          image.close();
        }
        if (parent != null) {
          release(parent);
        }
      }
    }
  }

  /** The version that this one's file stands on now; empty when it is whole. */
  Optional<GoldenVersion> parent(GoldenVersion version) throws StoreException, IOException {
    if (version.format() == SourceFormat.RAW) {
      return Optional.empty();
    }
    String name = Qcow2Image.header(files.file(version), opener).backingName();
    if (name == null) {
      return Optional.empty();
    }
    Matcher parent = PARENT.matcher(name);
    int number = parent.matches() ? Integer.parseInt(parent.group(1)) : 0;
    // A delta stands on an older version, so there are no loops.
    Optional<GoldenVersion> found =
        number < version.number() ? files.find(version.name(), number) : Optional.empty();
    if (found.isEmpty() || !found.get().file().equals(name)) {
      throw new StoreException(
          Kind.CORRUPT,
          "%s stands on \"%s\", which is no older version of its image: restore it from a backup"
              .formatted(version, name));
    }
    return found;
  }

  /** How many deltas stand between this version's bytes and a whole file. */
  int depth(GoldenVersion version) throws StoreException, IOException {
    int depth = 0;
    Optional<GoldenVersion> below = parent(version);
    while (below.isPresent()) {
      depth++;
      below = parent(below.get());
    }
    return depth;
  }

  synchronized boolean isOpen(GoldenVersion version) {
    return open.containsKey(version);
  }

  synchronized void release(GoldenVersion version) {
    Share share = open.get(version);
    if (share != null && --share.users == 0) {
      open.remove(version);
      try {
        share.image.close();
      } catch (IOException failed) {
        LOG.warn("{} did not close well: {}", version, failed.toString());
      }
      if (share.parent != null) {
        release(share.parent);
      }
    }
  }
}
