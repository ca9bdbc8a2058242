// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a client's committed boot after a restart or a power loss, so that a
 * reconnect is never taken for a new boot and a disk never goes back in time. What the facts mean
 * is decided in {@code dev.rootstock.boot.boots}.
 *
 * @param generation the boot's number, from 1 on, never used twice in a client's life
 * @param mode the client's mode when the boot began, which its overlay goes by
 * @param image the golden version it runs on, number included
 * @param overlay the name of its overlay; null for a read-only disk, or after a reset, until the
 *     next login makes a new one
 * @param machine the addresses that this boot logged in from, the latest last
 * @param displaced the addresses of machines that this boot took the disk from: an operating system
 *     there may still run, and must not come back to a disk that is no longer its own
 * @param flags further facts
 */
public record BootRecord(
    long generation,
    Mode mode,
    ImageReference image,
    @Nullable UUID overlay,
    List<InetAddress> machine,
    List<InetAddress> displaced,
    Set<Flag> flags) {

  public BootRecord {
    machine = List.copyOf(machine);
    displaced = List.copyOf(displaced);
    flags = Set.copyOf(flags);
    if (generation < 1) {
      throw new IllegalArgumentException("boots are numbered from 1, not " + generation);
    }
    if (image.version().isEmpty()) {
      throw new IllegalArgumentException("a boot runs on one version, not on just " + image);
    }
    if (Math.max(machine.size(), displaced.size()) > Limits.BOOT_ADDRESSES) {
      throw new IllegalArgumentException(
          "a boot remembers %d addresses of a kind at most".formatted(Limits.BOOT_ADDRESSES));
    }
  }

  /** A durable yes or no; its name, in lower case with dashes, is what the file holds. */
  public enum Flag {
    /**
     * The overlay is durable, and its client was told that something on it is flushed, or may have
     * been: if its file is missing, it is lost. Without this flag it may be made again.
     */
    OVERLAY_IN_PLACE,
    /** The overlay's file was found lost, damaged or another's: this boot gets no disk again. */
    OVERLAY_LOST,
    /** Boot firmware has logged in, or fetched its script. */
    FIRMWARE,
    /** An initiator that is not firmware has logged in. */
    OPERATING_SYSTEM,
    /** The administrator ended the boot (boot, reset): whatever logs in next begins a new one. */
    ENDED
  }

  public boolean has(Flag flag) {
    return flags.contains(flag);
  }

  /** This record with one more flag. */
  public BootRecord with(Flag flag) {
    EnumSet<Flag> more = EnumSet.of(flag);
    more.addAll(flags);
    return new BootRecord(generation, mode, image, overlay, machine, displaced, more);
  }

  /**
   * This record in the place of an older one. That an overlay is in place is recorded from beside
   * the boot's own steps, so a record that was made without knowing it must not take it back.
   */
  public BootRecord after(@Nullable BootRecord older) {
    return older != null
            && overlay != null
            && overlay.equals(older.overlay())
            && older.has(Flag.OVERLAY_IN_PLACE)
            && !has(Flag.OVERLAY_IN_PLACE)
        ? with(Flag.OVERLAY_IN_PLACE)
        : this;
  }

  /** This record, its machine known by these addresses. */
  public BootRecord withMachine(List<InetAddress> addresses) {
    return new BootRecord(generation, mode, image, overlay, addresses, displaced, flags);
  }
}
