// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import dev.rootstock.target.Isid;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a client's committed boot after a restart or a power loss, so that a
 * reconnect is never taken for a new boot and a disk never goes back in time.
 *
 * @param generation the boot's number, from 1 on, never used twice in a client's life
 * @param image the golden version it runs on, number included
 * @param overlay the name of its overlay; null for a read-only disk, or after a reset, until the
 *     next login makes a new one
 * @param sessions who logged in as an operating system during this boot
 * @param flags further facts
 */
public record BootRecord(
    long generation,
    ImageReference image,
    @Nullable UUID overlay,
    Set<OsSession> sessions,
    Set<Flag> flags) {

  public BootRecord {
    sessions = Set.copyOf(sessions);
    flags = Set.copyOf(flags);
    if (generation < 1) {
      throw new IllegalArgumentException("boots are numbered from 1, not " + generation);
    }
    if (image.version().isEmpty()) {
      throw new IllegalArgumentException("a boot runs on one version, not on just " + image);
    }
    if (sessions.size() > Limits.REMEMBERED_SESSIONS) {
      throw new IllegalArgumentException(
          sessions.size() + " sessions: at most " + Limits.REMEMBERED_SESSIONS);
    }
  }

  /** The nexus of an operating system's session: such a pair comes again when it reconnects. */
  public record OsSession(InitiatorName initiator, Isid isid) {}

  /** A durable yes or no; its name, in lower case with dashes, is what the file holds. */
  public enum Flag {
    /** The overlay was made and a login was told of it: if its file is missing, it is lost. */
    OVERLAY_IN_PLACE
  }

  /** This record with one more flag. */
  public BootRecord with(Flag flag) {
    EnumSet<Flag> more = EnumSet.of(flag);
    more.addAll(flags);
    return new BootRecord(generation, image, overlay, sessions, more);
  }
}
