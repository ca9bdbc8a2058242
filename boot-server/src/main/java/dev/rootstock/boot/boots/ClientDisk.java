// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.LeasedDisk;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.StoreException;
import dev.rootstock.target.LogicalUnit;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The one disk that a client has open, shared by the sessions of its boot. Every method but {@link
 * #fenceBefore} may wait for the store; all run in the client's mailbox.
 */
final class ClientDisk {
  private static final int LUN = 0;

  private final ClientName name;
  private final BootParts parts;
  private @Nullable LeasedDisk lease;
  private @Nullable LogicalUnit unit;
  private long generation;

  ClientDisk(ClientName name, BootParts parts) {
    this.name = name;
    this.parts = parts;
  }

  /** The disk as the target shows it; it must be open. */
  LogicalUnit unit() {
    if (unit == null) {
      throw new IllegalStateException("the disk of " + name + " is not open");
    }
    return unit;
  }

  BootEvent create(BootRecord record, UUID overlay) {
    try {
      GoldenVersion base = golden(record);
      long size =
          parts
              .registry()
              .find(name)
              .map(Registration::client)
              .map(Client::sizeBytes)
              .flatMap(
                  bytes -> bytes.isPresent() ? Optional.of(bytes.getAsLong()) : Optional.empty())
              .orElse(base.sizeBytes());
      parts.store().createOverlay(name.value(), new OverlayId(overlay), base, size);
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, false);
    }
  }

  BootEvent open(BootRecord record) {
    try {
      UUID overlay = record.overlay();
      LeasedDisk opened =
          overlay == null
              ? parts.store().openReadOnly(golden(record))
              : parts.store().openOverlay(name.value(), new OverlayId(overlay));
      lease = opened;
      generation = record.generation();
      unit =
          new LogicalUnit(
              LUN,
              opened.device(),
              parts.identities().naa(name, LUN),
              parts.identities().serial(name, LUN));
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, record.overlay() != null);
    }
  }

  private static BootEvent failed(StoreException e, boolean opening) {
    boolean lost =
        switch (e.kind()) {
          case LOST, OTHER_OVERLAY, CORRUPT -> true;
          case IN_USE, NOT_FOUND, INVALID, NO_SPACE, IO -> false;
        };
    return new BootEvent.Failed(BootParts.message(e), opening && lost);
  }

  private GoldenVersion golden(BootRecord record) throws StoreException {
    return parts
        .version(record.image())
        .orElseThrow(
            () ->
                new StoreException(
                    StoreException.Kind.NOT_FOUND,
                    "golden version %s of boot %d is gone"
                        .formatted(record.image(), record.generation())));
  }

  /** Makes the commands of older generations fail; completes when those under way have ended. */
  CompletionStage<Void> fenceBefore(long first) {
    return lease == null || generation >= first
        ? CompletableFuture.completedFuture(null)
        : lease.fence();
  }

  /** Closes the disk of an older generation, which has been fenced. */
  void closeBefore(long first) {
    if (generation < first) {
      close();
    }
  }

  void close() {
    LeasedDisk open = lease;
    lease = null;
    unit = null;
    if (open != null) {
      open.close();
    }
  }

  BootEvent remove() {
    try {
      parts.store().removeOverlay(name.value());
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, false);
    }
  }

  /** Deletes what a client wrote that is no longer known; says what went wrong. */
  Optional<String> removeOfRemoved() {
    return remove() instanceof BootEvent.Failed failed
        ? Optional.of(failed.reason())
        : Optional.empty();
  }
}
