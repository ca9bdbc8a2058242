// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.FurtherDisk;
import dev.rootstock.boot.clients.FurtherDisk.Own;
import dev.rootstock.boot.clients.FurtherDisk.Seed;
import dev.rootstock.boot.clients.FurtherDisk.Shared;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.seed.SeedContent;
import dev.rootstock.boot.seed.SeedDisk;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.LeasedDisk;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.Place;
import dev.rootstock.images.store.StoreException;
import dev.rootstock.target.LogicalUnit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The disks that a client has open, shared by the sessions of its boot: its own at LUN 0, and those
 * that its description adds. Every method but {@link #fenceBefore} may wait for the store; all run
 * in the client's mailbox.
 */
final class ClientDisk {
  private static final Logger log = LoggerFactory.getLogger(ClientDisk.class);
  private static final int LUN = 0;

  private final ClientName name;
  private final BootParts parts;
  private final Consumer<UUID> flushed;
  private @Nullable LeasedDisk lease;
  private final List<LeasedDisk> further = new ArrayList<>();
  private final List<ClientStatus.MissingDisk> missing = new ArrayList<>();
  private List<LogicalUnit> units = List.of();
  private long generation;
  private volatile @Nullable Traffic traffic;

  /**
   * A client's disks, all closed.
   *
   * @param flushed told, on any thread, when the record knows that an overlay was flushed
   */
  ClientDisk(ClientName name, BootParts parts, Consumer<UUID> flushed) {
    this.name = name;
    this.parts = parts;
    this.flushed = flushed;
  }

  /** The disks as the target shows them; they must be open. */
  List<LogicalUnit> units() {
    if (units.isEmpty()) {
      throw new IllegalStateException("the disk of " + name + " is not open");
    }
    return units;
  }

  /** The further disks that the open ones lack. */
  List<ClientStatus.MissingDisk> missing() {
    return List.copyOf(missing);
  }

  BootEvent create(BootRecord record, UUID overlay) {
    try {
      GoldenVersion base = golden(record);
      long size =
          client().map(Client::sizeBytes).orElse(OptionalLong.empty()).orElse(base.sizeBytes());
      parts.store().provideOverlay(name.value(), new OverlayId(overlay), base, size, place(record));
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
              : parts
                  .store()
                  .openOverlay(
                      name.value(),
                      new OverlayId(overlay),
                      place(record),
                      this::limit,
                      () -> recordFlushed(overlay));
      lease = opened;
      generation = record.generation();
      count(generation);
      List<LogicalUnit> shown = new ArrayList<>();
      shown.add(unit(LUN, opened));
      openFurther(record, shown);
      units = List.copyOf(shown);
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, record.overlay() != null);
    }
  }

  /**
   * The client is about to be told that something is flushed: its overlay must not be made again.
   * Runs on a thread of the store, which the mailbox may be waiting for: so it goes to the registry
   * by itself and only tells the mailbox.
   */
  private void recordFlushed(UUID overlay) throws IOException {
    BootRecord known = parts.registry().find(name).map(Registration::boot).orElse(null);
    if (known == null
        || !overlay.equals(known.overlay())
        || known.has(BootRecord.Flag.OVERLAY_IN_PLACE)) {
      return; // recorded already, or nobody will ask for this overlay any more
    }
    try {
      parts
          .registry()
          .updateWaiting(name, registration -> inPlace(registration, overlay))
          .toCompletableFuture()
          .join();
    } catch (CompletionException failed) {
      throw new IOException(
          "the registry could not record the flush: " + BootParts.message(failed), failed);
    }
    flushed.accept(overlay);
  }

  private static Registration inPlace(Registration registration, UUID overlay) {
    BootRecord boot = registration.boot();
    return boot != null && overlay.equals(boot.overlay())
        ? registration.withBoot(boot.with(BootRecord.Flag.OVERLAY_IN_PLACE))
        : registration;
  }

  /** A further disk that cannot be had is left out: the machine can do more without it than off. */
  private void openFurther(BootRecord record, List<LogicalUnit> shown) {
    for (FurtherDisk disk : client().map(Client::disks).orElse(List.of())) {
      try {
        LeasedDisk opened =
            switch (disk) {
              case Shared shared -> parts.store().openReadOnly(shared(shared.image()));
              case Own own -> parts.store().dataDisks().open(name.value(), new OverlayId(own.id()));
              case Seed _ -> seed(record);
            };
        further.add(opened);
        shown.add(unit(disk.lun(), opened));
      } catch (StoreException | IOException e) {
        String reason = BootParts.message(e);
        log.error("client {}: it has no disk at LUN {}: {}", name, disk.lun(), reason);
        missing.add(new ClientStatus.MissingDisk(disk.lun(), reason));
      }
    }
  }

  private GoldenVersion shared(ImageReference image) throws StoreException {
    return parts
        .version(image)
        .orElseThrow(() -> new StoreException(StoreException.Kind.NOT_FOUND, image + " is gone"));
  }

  /**
   * An instance is what cloud-init sets up once: it lasts as long as what a disk remembers does. So
   * it is named after the overlay, or after the boot where there is none.
   */
  private LeasedDisk seed(BootRecord record) throws IOException {
    UUID overlay = record.overlay();
    String instance =
        name + "-" + (overlay == null ? "boot-" + record.generation() : overlay.toString());
    SeedContent content = parts.seeds().find(name).orElse(new SeedContent(Map.of(), List.of()));
    return SeedDisk.lease(SeedDisk.image(instance, name.value(), content));
  }

  private static Place place(BootRecord record) {
    return record.mode() == Mode.MEMORY ? Place.MEMORY : Place.DISK;
  }

  private LogicalUnit unit(int lun, LeasedDisk disk) {
    return new LogicalUnit(
        lun,
        new CountedDevice(disk.device(), Objects.requireNonNull(traffic)),
        parts.identities().naa(name, lun),
        parts.identities().serial(name, lun),
        new RegisteredMemory(parts.registry(), name, lun));
  }

  /** A boot whose disks are closed and opened again goes on counting. */
  private void count(long boot) {
    Traffic known = traffic;
    if (known == null || known.generation() != boot) {
      traffic =
          new Traffic(
              boot,
              () -> parts.listener().firstRead(name.value(), boot),
              () -> parts.listener().firstWrite(name.value(), boot));
    }
  }

  /** What the latest boot that had the disks open has moved. From any thread. */
  Optional<Traffic> traffic() {
    return Optional.ofNullable(traffic);
  }

  private Optional<Client> client() {
    return parts.registry().find(name).map(Registration::client);
  }

  /** Asked at each allocation, so that a new limit holds at once. */
  private long limit() {
    return client().map(Client::limitBytes).orElse(OptionalLong.empty()).orElse(Long.MAX_VALUE);
  }

  /** Does what replaces the client's overlay; nobody uses it now. */
  BootEvent replace(Replacement replacement) {
    try {
      replacement.make();
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, false);
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
    if (lease == null || generation >= first) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<?>[] fenced =
        Stream.concat(Stream.of(lease), further.stream())
            .map(disk -> disk.fence().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(fenced);
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
    units = List.of();
    further.forEach(LeasedDisk::close);
    further.clear();
    missing.clear();
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

  private BootEvent forget() {
    try {
      parts.store().forget(name.value());
      parts.seeds().remove(name);
      return new BootEvent.Done();
    } catch (StoreException e) {
      return failed(e, false);
    } catch (IOException e) {
      return new BootEvent.Failed(BootParts.message(e), false);
    }
  }

  /** Deletes what a client wrote that is no longer known; says what went wrong. */
  Optional<String> removeOfRemoved() {
    return forget() instanceof BootEvent.Failed failed
        ? Optional.of(failed.reason())
        : Optional.empty();
  }
}
