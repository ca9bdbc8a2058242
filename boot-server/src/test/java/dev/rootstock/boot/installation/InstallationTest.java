// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.installation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.LeasedDisk;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.StoreException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store and the registry of one data directory, where each needs the other. */
class InstallationTest {
  private static final ClientName WEB = new ClientName("web");
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private Configuration configuration;

  @BeforeEach
  void configure() {
    configuration = Configuration.defaults().withData(folder.resolve("data"));
  }

  /** A client whose boot has this overlay, of which nothing is known to be flushed. */
  private static GoldenVersion booted(Installation installation, UUID overlay) throws Exception {
    GoldenVersion golden = installation.store().createBlank("debian", SIZE, Progress.NONE);
    ImageReference image = ImageReference.parse("debian");
    Client client =
        new Client(
            WEB,
            List.of(),
            UUID.randomUUID(),
            List.of(),
            image,
            Mode.PERSISTENT,
            null,
            OptionalLong.empty());
    installation.registry().add(client).toCompletableFuture().join();
    BootRecord record =
        new BootRecord(
            1,
            Mode.PERSISTENT,
            ImageReference.of("debian", 1),
            overlay,
            List.of(),
            List.of(),
            Set.of());
    installation.registry().update(WEB, now -> now.withBoot(record)).toCompletableFuture().join();
    return golden;
  }

  private static BootRecord record(Installation installation) {
    return Objects.requireNonNull(installation.registry().find(WEB).orElseThrow().boot());
  }

  @Test
  void aDiskThatIsFlushedFirstAtTheEndIsStillRecorded() throws Exception {
    UUID overlay = UUID.randomUUID();
    try (Installation installation = Installation.open(configuration)) {
      GoldenVersion golden = booted(installation, overlay);
      installation.store().provideOverlay("web", new OverlayId(overlay), golden, SIZE);
      LeasedDisk lease =
          installation
              .store()
              .openOverlay(
                  "web",
                  new OverlayId(overlay),
                  () -> Long.MAX_VALUE,
                  () ->
                      installation
                          .registry()
                          .update(
                              WEB,
                              now -> now.withBoot(record(installation).with(Flag.OVERLAY_IN_PLACE)))
                          .toCompletableFuture()
                          .join());
      CompletableFuture<@Nullable BlockIoException> written = new CompletableFuture<>();
      lease
          .device()
          .write(
              0,
              new ByteBuffer[] {ByteBuffer.allocateDirect(512).put(0, (byte) 1)},
              Durability.CACHED,
              written::complete);
      assertEquals(null, written.get(60, TimeUnit.SECONDS));
    }
    try (Installation installation = Installation.open(configuration)) {
      assertTrue(record(installation).has(Flag.OVERLAY_IN_PLACE));
    }
  }

  @Test
  void aDiskThatIsNotOfTheClientsBootIsNotKept() throws Exception {
    try (Installation installation = Installation.open(configuration)) {
      GoldenVersion golden = booted(installation, UUID.randomUUID());
      installation.store().createOverlay("web", OverlayId.random(), golden, SIZE);
      StoreException other =
          assertThrows(
              StoreException.class,
              () -> installation.store().snapshot("web", "monday", Progress.NONE));
      assertEquals(StoreException.Kind.OTHER_OVERLAY, other.kind());
    }
  }
}
