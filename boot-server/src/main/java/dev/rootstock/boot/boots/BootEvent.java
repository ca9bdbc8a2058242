// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What can happen to a client. */
sealed interface BootEvent {

  /**
   * A DHCP DISCOVER of one of the client's network cards.
   *
   * @param xid the number of its transaction, which its retransmissions have too
   * @param firmware whether boot firmware sent it (option 60 {@code PXEClient}, 77 {@code iPXE}, or
   *     93) and not an operating system
   */
  record Discover(int xid, boolean firmware) implements BootEvent {}

  /**
   * The client's boot script was fetched, by anybody.
   *
   * @param address who fetched it: a machine there has been started again, and what was chosen
   *     there before means nothing any more
   */
  record ScriptFetched(InetAddress address) implements BootEvent {}

  /**
   * Somebody at the machine has chosen an image from the menu that this address was shown for the
   * client's next boot. Answered by {@link BootEffect.ChoiceKept} or {@link BootEffect.Refuse}.
   *
   * @param id as a request's
   * @param image one that the client's administrator allows
   */
  record ImageChosen(long id, InetAddress address, ImageReference image) implements BootEvent {}

  /** Somebody wants something, and is answered once. */
  sealed interface Request extends BootEvent {
    /** Chosen by the caller, never used twice; a login's is its session's from then on. */
    long id();
  }

  /**
   * A login that the client's keys allow.
   *
   * @param boot the number of the boot of which it has proved to be; empty where its proof says
   *     nothing of boots, 0 for one that is over
   */
  record Login(long id, InetAddress address, InitiatorKind kind, Offer offer, OptionalLong boot)
      implements Request {

    Login(long id, InetAddress address, InitiatorKind kind, Offer offer) {
      this(id, address, kind, offer, OptionalLong.empty());
    }
  }

  /**
   * What the client's configuration has for a boot that begins now.
   *
   * @param takeover whether a newcomer gets the disk although an older boot lives
   * @param image the golden version, number included, of what was chosen at the login's address,
   *     else of the client's image; null where there is none
   * @param problem why there is none, one line; empty otherwise
   * @param overlay a name for a new overlay that none has had
   */
  record Offer(
      Mode mode, boolean takeover, @Nullable ImageReference image, String problem, UUID overlay) {}

  /**
   * The administrator's word.
   *
   * @param force whether sessions that live, or may, are no obstacle
   * @param replacement of REPLACE; null otherwise
   */
  record Command(long id, What what, boolean force, @Nullable Replacement replacement)
      implements Request {

    Command(long id, What what, boolean force) {
      this(id, what, force, null);
    }

    enum What {
      /** The next login begins a new boot. */
      BOOT,
      /** As BOOT, and what the client wrote is dropped. */
      RESET,
      /** As BOOT, and another overlay takes the place of the client's. */
      REPLACE,
      /** The client and what it wrote are dropped. */
      REMOVE
    }
  }

  /** A granted session has entered the full feature phase. */
  record SessionOpened(long id) implements BootEvent {}

  /** A granted session is over, or never began. */
  record SessionEnded(long id) implements BootEvent {}

  /** The answer to {@link BootEffect.Probe}. */
  record Probed(long id, Liveness found) implements BootEvent {}

  /** The one effect that was waited for is done. */
  record Done() implements BootEvent {}

  /**
   * The one effect that was waited for has failed.
   *
   * @param lost whether the disk is not what the client was told: its overlay is missing, another
   *     one, or damaged
   */
  record Failed(String reason, boolean lost) implements BootEvent {}

  /**
   * A client was, or is about to be, told that something on this overlay is flushed; the record
   * knows already. From now on the overlay may be lost, and never made again.
   */
  record Flushed(UUID overlay) implements BootEvent {}

  /** Time that {@link BootEffect.WakeAt} asked for has come. */
  record Tick() implements BootEvent {}
}
