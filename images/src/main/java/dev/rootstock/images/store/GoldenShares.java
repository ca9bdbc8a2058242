// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Golden images that are open: one file for however many disks stand on it. */
final class GoldenShares {
  private static final Logger LOG = LoggerFactory.getLogger(GoldenShares.class);

  private static final class Share {
    final RawImage image;
    int users;

    Share(RawImage image) {
      this.image = image;
    }
  }

  private final GoldenFiles files;
  private final HostFiles.Opener opener;
  private final Map<GoldenVersion, Share> open = new HashMap<>();

  GoldenShares(GoldenFiles files, HostFiles.Opener opener) {
    this.files = files;
    this.opener = opener;
  }

  /** Every call is followed by one of {@link #release}. */
  synchronized RawImage acquire(GoldenVersion version) throws StoreException, IOException {
    Share share = open.get(version);
    if (share == null) {
      share = new Share(RawImage.open(files.raw(version.name(), version.number()), opener));
      if (share.image.size() != version.sizeBytes()) {
        long found = share.image.size();
        share.image.close();
        throw new StoreException(
            Kind.CORRUPT,
            "%s has %d bytes where its description says %d: restore it from a backup"
                .formatted(version, found, version.sizeBytes()));
      }
      open.put(version, share);
    }
    share.users++;
    return share.image;
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
    }
  }
}
