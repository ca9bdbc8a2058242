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
 */
public record Client(
    ClientName name,
    List<MacAddress> macs,
    @Nullable UUID uuid,
    List<InitiatorName> initiators,
    ImageReference image,
    Mode mode,
    @Nullable Inet4Address address,
    OptionalLong sizeBytes) {

  public Client {
    macs = List.copyOf(macs);
    initiators = List.copyOf(initiators);
    bounded("MAC addresses", macs, Limits.MACS);
    bounded("initiator names", initiators, Limits.INITIATORS);
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
