// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A disk that a client has beside the one at LUN 0. It keeps its LUN, and with it its identifiers,
 * whatever becomes of the client's others.
 */
public sealed interface FurtherDisk {

  /** From 1 to {@link Limits#DISKS}. */
  int lun();

  /** A golden version that the client only reads. */
  record Shared(int lun, ImageReference image) implements FurtherDisk {
    public Shared {
      checkLun(lun);
      if (image.version().isEmpty()) {
        throw new InvalidClientException(
            ("'%s' does not say which version: a further disk must not change while its machine"
                    + " runs; write %s@VERSION")
                .formatted(image, image));
      }
    }
  }

  /**
   * A disk of the client's own, that it writes and that stays over its boots.
   *
   * @param id what the store knows it by
   * @param sizeBytes a positive multiple of 512
   */
  record Own(int lun, UUID id, long sizeBytes) implements FurtherDisk {
    public Own {
      checkLun(lun);
      if (sizeBytes <= 0 || sizeBytes % 512 != 0) {
        throw new InvalidClientException(
            "a disk of %d bytes cannot be: the size must be a positive multiple of 512"
                .formatted(sizeBytes));
      }
    }
  }

  /** A small disk that tells cloud-init who the machine is; read-only, made by us at each boot. */
  record Seed(int lun) implements FurtherDisk {
    public Seed {
      checkLun(lun);
    }
  }

  /** A client's disks by LUN, each once; refuses what cannot be one client's. */
  static List<FurtherDisk> checked(List<FurtherDisk> disks) {
    Client.bounded("further disks", disks, Limits.DISKS);
    Client.bounded("LUNs", disks.stream().map(FurtherDisk::lun).toList(), Limits.DISKS);
    Client.bounded(
        "further disks",
        disks.stream()
            .flatMap(
                disk -> disk instanceof Shared shared ? Stream.of(shared.image()) : Stream.empty())
            .toList(),
        Limits.DISKS);
    if (disks.stream().filter(Seed.class::isInstance).count() > 1) {
      throw new InvalidClientException("a client has one seed disk at most");
    }
    return disks.stream().sorted(Comparator.comparingInt(FurtherDisk::lun)).toList();
  }

  private static void checkLun(int lun) {
    if (lun < 1 || lun > Limits.DISKS) {
      throw new InvalidClientException(
          "LUN %d cannot be a further disk's: 1 to %d can".formatted(lun, Limits.DISKS));
    }
  }
}
