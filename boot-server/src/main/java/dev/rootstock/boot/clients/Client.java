// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.net.Inet4Address;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A machine that we boot, as its administrator described it.
 *
 * @param name unique in the installation
 * @param macs the network cards it may boot from, each of one client only
 * @param uuid its SMBIOS UUID, of one client only
 * @param initiators the iSCSI names that may log in to its disk, each of one client only; empty
 *     where the other keys decide
 * @param image what its disk is made from
 * @param mode what becomes of its writes
 * @param address its address for ever, of one client only; null where the DHCP server chooses one
 * @param sizeBytes the size of its disk, a multiple of 512; empty for the image's size
 * @param limitBytes what its writes may take in the store; empty for no limit
 * @param disks golden images that it sees as further disks, read-only, from LUN 1 on
 */
public record Client(
    ClientName name,
    List<MacAddress> macs,
    @Nullable UUID uuid,
    List<InitiatorName> initiators,
    ImageReference image,
    Mode mode,
    @Nullable Inet4Address address,
    OptionalLong sizeBytes,
    OptionalLong limitBytes,
    List<ImageReference> disks) {

  /** A client with one disk and no limit. */
  public Client(
      ClientName name,
      List<MacAddress> macs,
      @Nullable UUID uuid,
      List<InitiatorName> initiators,
      ImageReference image,
      Mode mode,
      @Nullable Inet4Address address,
      OptionalLong sizeBytes) {
    this(
        name,
        macs,
        uuid,
        initiators,
        image,
        mode,
        address,
        sizeBytes,
        OptionalLong.empty(),
        List.of());
  }

  public Client {
    macs = List.copyOf(macs);
    initiators = List.copyOf(initiators);
    bounded("MAC addresses", macs, Limits.MACS);
    bounded("initiator names", initiators, Limits.INITIATORS);
    disks = List.copyOf(disks);
    bounded("further disks", disks, Limits.DISKS);
    for (ImageReference disk : disks) {
      if (disk.version().isEmpty()) {
        throw new InvalidClientException(
            ("'%s' does not say which version: a further disk must not change while its machine"
                    + " runs; write %s@VERSION")
                .formatted(disk, disk));
      }
    }
    if (limitBytes.isPresent() && limitBytes.getAsLong() <= 0) {
      throw new InvalidClientException(
          "a limit of %d bytes lets nothing be written".formatted(limitBytes.getAsLong()));
    }
    if (sizeBytes.isPresent() && (sizeBytes.getAsLong() <= 0 || sizeBytes.getAsLong() % 512 != 0)) {
      throw new InvalidClientException(
          "a disk of %d bytes cannot be: the size must be a positive multiple of 512"
              .formatted(sizeBytes.getAsLong()));
    }
    if (sizeBytes.isPresent() && mode == Mode.READ_ONLY) {
      throw new InvalidClientException(
          "a read-only disk has its image's size: leave --size out, or choose another mode");
    }
  }

  /** Whether nothing says which machine this is, so that any initiator may log in. */
  public boolean open() {
    return macs.isEmpty() && uuid == null && initiators.isEmpty();
  }

  /** The same client with another image. */
  public Client withImage(ImageReference newImage) {
    return new Client(
        name, macs, uuid, initiators, newImage, mode, address, sizeBytes, limitBytes, disks);
  }

  /** The same client with another mode. */
  public Client withMode(Mode newMode) {
    return new Client(
        name, macs, uuid, initiators, image, newMode, address, sizeBytes, limitBytes, disks);
  }

  /** The same client with a disk of another size, from its next new overlay on. */
  public Client withSize(OptionalLong newSize) {
    return new Client(
        name, macs, uuid, initiators, image, mode, address, newSize, limitBytes, disks);
  }

  /** The same client with another limit. */
  public Client withLimit(OptionalLong newLimit) {
    return new Client(
        name, macs, uuid, initiators, image, mode, address, sizeBytes, newLimit, disks);
  }

  /** The same client with other further disks. */
  public Client withDisks(List<ImageReference> newDisks) {
    return new Client(
        name, macs, uuid, initiators, image, mode, address, sizeBytes, limitBytes, newDisks);
  }

  private static void bounded(String what, List<?> values, int most) {
    if (values.size() > most) {
      throw new InvalidClientException(
          "%d %s are too many for one client: at most %d".formatted(values.size(), what, most));
    }
    if (values.stream().distinct().count() != values.size()) {
      throw new InvalidClientException("the same one stands twice among the " + what);
    }
  }
}
