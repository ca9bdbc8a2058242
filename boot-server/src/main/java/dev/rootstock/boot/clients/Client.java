// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.clients.FurtherDisk.Shared;
import dev.rootstock.boot.clients.Setting.Source;
import java.net.Inet4Address;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A machine that we boot, as its administrator described it. {@link #image}, {@link #mode} and the
 * others that a {@link Setting} names are what holds: the client's own word, else its group's, else
 * the default.
 *
 * @param name unique in the installation
 * @param keys by what it is recognised
 * @param own what it says itself
 * @param group what it has in common with others, or null
 * @param address its address for ever, of one client only; null where the DHCP server chooses one
 * @param disks what it has beside the disk at LUN 0, by LUN
 */
public record Client(
    ClientName name,
    ClientKeys keys,
    Settings own,
    @Nullable Group group,
    @Nullable Inet4Address address,
    List<FurtherDisk> disks) {

  /** A client without a group, with one disk and no limit. */
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
        new ClientKeys(macs, uuid, initiators, List.of()),
        new Settings(image, mode, sizeBytes, OptionalLong.empty(), null, null, null),
        null,
        address,
        List.of());
  }

  public Client {
    disks = FurtherDisk.checked(disks);
    Settings all = group == null ? own : own.or(group.settings());
    if (all.image() == null) {
      throw new InvalidClientException(
          "client '%s' has no image: give it --image%s"
              .formatted(name, group == null ? ", or a group that has one" : ", or its group"));
    }
    if (all.mode() == Mode.READ_ONLY && all.sizeBytes().orElse(0) != 0) {
      throw new InvalidClientException(
          "a read-only disk has its image's size: leave --size out, or choose another mode"
              + (group == null ? "" : " (client '%s')".formatted(name)));
    }
    boolean persistent = all.mode() == null || all.mode() == Mode.PERSISTENT;
    if (persistent && all.menu() != null && !all.menu().isEmpty()) {
      throw new InvalidClientException(
          ("client '%s' is persistent and its disk stands on one image, so a menu of images means"
                  + " nothing to it: give it another --mode, or --menu none")
              .formatted(name));
    }
  }

  // ---- what holds ----

  /** The client's own settings, then its group's. */
  public Settings settings() {
    return group == null ? own : own.or(group.settings());
  }

  /** What its disk is made from. */
  public ImageReference image() {
    return Objects.requireNonNull(settings().image());
  }

  /** What becomes of its writes. */
  public Mode mode() {
    Mode mode = settings().mode();
    return mode == null ? Mode.PERSISTENT : mode;
  }

  /** The size of its disk, a multiple of 512; empty for the image's size. */
  public OptionalLong sizeBytes() {
    return positive(settings().sizeBytes());
  }

  /** What its writes may take in the store; empty for no limit. */
  public OptionalLong limitBytes() {
    return positive(settings().limitBytes());
  }

  /** Whether its firmware gets programs that are signed for Secure Boot. */
  public boolean secureBoot() {
    return Boolean.TRUE.equals(settings().secureBoot());
  }

  /**
   * Whether an operating system is to be installed onto its disk: its boot firmware attaches the
   * disk, keeps it, and goes on to the machine's next boot device.
   */
  public boolean install() {
    return Boolean.TRUE.equals(settings().install());
  }

  /**
   * The images that whoever is at the machine may choose from, its own among them and the one that
   * it boots when nobody does; empty where there is no menu.
   */
  public List<ImageReference> menu() {
    List<ImageReference> menu = settings().menu();
    if (menu == null || menu.isEmpty()) {
      return List.of();
    }
    return menu.contains(image())
        ? menu
        : Stream.concat(Stream.of(image()), menu.stream()).toList();
  }

  private static OptionalLong positive(OptionalLong value) {
    return value.orElse(0) == 0 ? OptionalLong.empty() : value;
  }

  /** Where the value of a setting comes from. */
  public Source source(Setting setting) {
    if (own.says(setting)) {
      return Source.CLIENT;
    }
    return group != null && group.settings().says(setting) ? Source.GROUP : Source.DEFAULT;
  }

  /** The LUNs of all its disks, in order; the one that it boots from is the first, 0. */
  public List<Integer> luns() {
    return Stream.concat(Stream.of(0), disks.stream().map(FurtherDisk::lun)).toList();
  }

  /** Whether it sees this version as a further disk. */
  public boolean sees(ImageReference version) {
    return disks.stream()
        .anyMatch(disk -> disk instanceof Shared shared && shared.image().equals(version));
  }

  // ---- its keys ----

  public List<MacAddress> macs() {
    return keys.macs();
  }

  public @Nullable UUID uuid() {
    return keys.uuid();
  }

  public List<InitiatorName> initiators() {
    return keys.initiators();
  }

  /** Whether nothing says which machine this is, so that any initiator may log in. */
  public boolean open() {
    return keys.isEmpty();
  }

  // ---- changes ----

  public Client withKeys(ClientKeys newKeys) {
    return new Client(name, newKeys, own, group, address, disks);
  }

  /** The same client with other settings of its own. */
  public Client withOwn(Settings newOwn) {
    return new Client(name, keys, newOwn, group, address, disks);
  }

  public Client withGroup(@Nullable Group newGroup) {
    return new Client(name, keys, own, newGroup, address, disks);
  }

  public Client withAddress(@Nullable Inet4Address newAddress) {
    return new Client(name, keys, own, group, newAddress, disks);
  }

  /** The same client with another image. */
  public Client withImage(ImageReference newImage) {
    return withOwn(own.withImage(newImage));
  }

  /** The same client with another mode. */
  public Client withMode(Mode newMode) {
    return withOwn(own.withMode(newMode));
  }

  /** The same client with a disk of another size, from its next new overlay on. */
  public Client withSize(OptionalLong newSize) {
    return withOwn(own.withSize(newSize));
  }

  /** The same client with another limit; empty leaves it to the group. */
  public Client withLimit(OptionalLong newLimit) {
    return withOwn(own.withLimit(newLimit));
  }

  /** The same client with other further disks. */
  public Client withDisks(List<FurtherDisk> newDisks) {
    return new Client(name, keys, own, group, address, newDisks);
  }

  static void bounded(String what, List<?> values, int most) {
    if (values.size() > most) {
      throw new InvalidClientException(
          "%d %s are too many for one client: at most %d".formatted(values.size(), what, most));
    }
    if (values.stream().distinct().count() != values.size()) {
      throw new InvalidClientException("the same one stands twice among the " + what);
    }
  }
}
