// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.installation;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.FurtherDisk;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.RegistryException;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.images.store.DataDisks.DataDisk;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data of one installation, opened by this process alone.
 *
 * @param configuration what the administrator decided
 * @param store golden images and overlays; it holds the lock of the data directory
 * @param registry the clients
 * @param identities the names that clients are given
 * @param made whether this process made the data directory
 */
public record Installation(
    Configuration configuration,
    ImageStore store,
    Registry registry,
    Identities identities,
    boolean made)
    implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Installation.class);

  /**
   * Opens the data directory, making it where it is not there.
   *
   * @throws StoreException when another process has it, or it cannot be used
   * @throws RegistryException when the registry is damaged or of a newer Rootstock
   */
  public static Installation open(Configuration configuration)
      throws StoreException, RegistryException {
    Path data = configuration.data();
    boolean made = Files.notExists(data);
    if (made) {
      makePrivate(data);
    }
    ImageStore store =
        LocalImageStore.open(
            data,
            configuration.memory().directory(),
            configuration::storeLimit,
            () -> configuration.memory().disks());
    try {
      Registry registry = Registry.open(data);
      Identities identities =
          new Identities(registry.installation(), configuration.iscsi().namePrefix());
      store.limits(name -> limit(registry, name));
      store.overlays(name -> overlay(registry, name));
      sweep(store, registry);
      return new Installation(configuration, store, registry, identities, made);
    } catch (IOException e) {
      store.close();
      if (made) {
        delete(data);
      }
      throw RegistryException.of(data.resolve(Registry.FILE), e);
    }
  }

  /** What a client may take of the store; asked at each allocation of its own. */
  private static long limit(Registry registry, String client) {
    return ImageStore.isName(client)
        ? registry
            .find(new ClientName(client))
            .map(known -> known.client().limitBytes())
            .orElse(OptionalLong.empty())
            .orElse(Long.MAX_VALUE)
        : Long.MAX_VALUE;
  }

  /** The overlay that a client's boot has by its record. */
  private static Optional<OverlayId> overlay(Registry registry, String client) {
    return registry
        .find(new ClientName(client))
        .map(Registration::boot)
        .map(BootRecord::overlay)
        .map(OverlayId::new);
  }

  /**
   * Drops what clients wrote who are not there any more: a crash in the midst of a removal leaves
   * it. Where nobody is known at all, the registry is more likely lost than every client removed.
   */
  private static void sweep(ImageStore store, Registry registry) throws StoreException {
    List<String> strangers =
        store.clients().stream()
            .filter(name -> ImageStore.isName(name))
            .filter(name -> registry.find(new ClientName(name)).isEmpty())
            .toList();
    if (registry.size() == 0 && !strangers.isEmpty()) {
      log.warn(
          "disks of {} clients are there and the registry knows nobody: nothing is deleted",
          strangers.size());
      return;
    }
    for (String name : strangers) {
      log.info("the disk of {}, which was removed, is deleted", name);
      store.forget(name);
    }
    for (DataDisk disk : store.dataDisks().all()) {
      boolean known =
          registry
              .find(new ClientName(disk.client()))
              .filter(
                  client ->
                      client.client().disks().stream()
                          .anyMatch(
                              further ->
                                  further instanceof FurtherDisk.Own own
                                      && own.id().equals(disk.id().value())))
              .isPresent();
      if (!known && registry.size() > 0) {
        log.info("data disk {} of {}, which it has no more, is deleted", disk.id(), disk.client());
        store.dataDisks().remove(disk.client(), disk.id());
      }
    }
  }

  /** For its owner alone: in it are all machines' disks. */
  private static void makePrivate(Path data) {
    try {
      Path parent = data.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.createDirectory(
          data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      // Another process was faster, or it cannot be: the store finds out, and says so.
      log.debug("{} was not made: {}", data, e.toString());
    }
  }

  /** The golden version that a reference means now. */
  public Optional<GoldenVersion> version(ImageReference image) {
    return image.version().isPresent()
        ? store.find(image.image(), image.version().getAsInt())
        : store.defaultVersion(image.image());
  }

  /** Ends the use of the data; what was written is on the disk. */
  @Override
  public void close() {
    store.endLeases(); // what is flushed first only now is recorded yet
    try {
      registry.close();
    } catch (IOException e) {
      log.warn("the registry was not closed in order: {}", e.toString());
    }
    store.close();
  }

  /**
   * Closes, and leaves nothing behind of a directory that this process made and put nothing into:
   * for a command that failed.
   */
  public void closeUnused() {
    boolean unused = made && store.versions().isEmpty() && registry.size() == 0;
    close();
    if (unused) {
      delete(configuration.data());
    }
  }

  private static void delete(Path folder) {
    List<Path> inside;
    try (Stream<Path> tree = Files.walk(folder)) {
      inside = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : inside) {
        Files.delete(path);
      }
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} was made for nothing and cannot be deleted: {}", folder, e.toString());
    }
  }
}
