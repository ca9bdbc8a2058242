// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.Place;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.StoreException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A data directory of many clients of one image, made through the registry and the store and not by
 * a command for each. Every client has booted once: its overlay and the record of its boot are
 * there, as where a service has run for long.
 */
public final class Population {
  private static final String IMAGE = "golden";

  /** What the registry has under way at once; it takes a few thousand. */
  private static final int AT_ONCE = 1_000;

  private Population() {}

  /** The name of a client, by its number from 0 on. */
  public static String client(int number) {
    return "client%05d".formatted(number);
  }

  /** The one initiator that may use that client's disk. */
  public static String initiator(int number) {
    return "iqn.2026-11.dev.rootstock.bench:machine%05d".formatted(number);
  }

  /**
   * Makes the directory.
   *
   * @param image a raw image, which is imported
   */
  public static void make(Path data, Path image, int clients) throws IOException {
    try (var store = LocalImageStore.open(data);
        var registry = Registry.open(data)) {
      GoldenVersion golden = store.importImage(image, IMAGE, null, Progress.NONE);
      ImageReference reference = new ImageReference(golden.name(), OptionalInt.of(golden.number()));
      for (int first = 0; first < clients; first += AT_ONCE) {
        List<CompletableFuture<?>> added = new ArrayList<>();
        for (int i = first; i < Math.min(clients, first + AT_ONCE); i++) {
          var overlay = OverlayId.random();
          store.provideOverlay(client(i), overlay, golden, golden.sizeBytes(), Place.DISK);
          added.add(add(registry, i, reference, overlay).toCompletableFuture());
        }
        CompletableFuture.allOf(added.toArray(CompletableFuture<?>[]::new)).join();
      }
    } catch (StoreException | CompletionException e) {
      throw new IOException("cannot make " + clients + " clients: " + e.getMessage(), e);
    }
  }

  private static CompletableFuture<Registration> add(
      Registry registry, int number, ImageReference image, OverlayId overlay) {
    var name = new ClientName(client(number));
    var client =
        new Client(
            name,
            List.of(),
            null,
            List.of(new InitiatorName(initiator(number))),
            new ImageReference(IMAGE, OptionalInt.empty()),
            Mode.PERSISTENT,
            null,
            OptionalLong.empty());
    var boot =
        new BootRecord(
            1,
            Mode.PERSISTENT,
            image,
            overlay.value(),
            List.of(InetAddress.getLoopbackAddress()),
            List.of(),
            EnumSet.of(BootRecord.Flag.OPERATING_SYSTEM));
    return registry
        .add(client)
        .thenCompose(added -> registry.update(name, now -> now.withBoot(boot)))
        .toCompletableFuture();
  }
}
