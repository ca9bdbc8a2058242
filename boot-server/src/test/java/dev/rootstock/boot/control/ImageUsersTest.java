// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who uses a version, as far as only the registry knows: no overlay is there. */
class ImageUsersTest {
  private static final ClientName WEB = new ClientName("web");

  @TempDir Path folder;
  private Installation installation;
  private GoldenVersion first;

  @BeforeEach
  void open() throws Exception {
    installation = Installation.open(Configuration.defaults().withData(folder.resolve("data")));
    first = installation.store().createBlank("debian", 1 << 20, Progress.NONE);
    installation.store().createBlank("debian", 1 << 20, Progress.NONE);
  }

  @AfterEach
  void close() throws Exception {
    installation.close();
  }

  @Test
  void aBootUsesItsVersionUntilItIsEnded() throws Exception {
    booted(Mode.EPHEMERAL, UUID.randomUUID(), Set.of());
    assertEquals(List.of("web"), ImageUsers.of(installation, first));
    booted(Mode.EPHEMERAL, UUID.randomUUID(), Set.of(Flag.ENDED));
    assertEquals(List.of(), ImageUsers.of(installation, first));
  }

  /** Its file may have gone with the power before anything was flushed; it is made again. */
  @Test
  void aPersistentDiskUsesItsVersionWhenItsBootIsEnded() throws Exception {
    booted(Mode.PERSISTENT, UUID.randomUUID(), Set.of(Flag.ENDED));
    assertEquals(List.of("web"), ImageUsers.of(installation, first));
  }

  @ParameterizedTest
  @EnumSource(names = {"PERSISTENT", "EPHEMERAL"})
  void aDiskThatWasDroppedUsesNothing(Mode mode) throws Exception {
    booted(mode, null, Set.of(Flag.ENDED));
    assertEquals(List.of(), ImageUsers.of(installation, first));
  }

  /** Its image is the default version, which is the second by now. */
  private void booted(Mode mode, @Nullable UUID overlay, Set<Flag> flags) throws Exception {
    if (installation.registry().find(WEB).isEmpty()) {
      Client client =
          new Client(
              WEB,
              List.of(),
              UUID.randomUUID(),
              List.of(),
              ImageReference.parse("debian"),
              mode,
              null,
              OptionalLong.empty());
      installation.registry().add(client).toCompletableFuture().join();
    }
    BootRecord record =
        new BootRecord(
            1, mode, ImageReference.of("debian", 1), overlay, List.of(), List.of(), flags);
    installation.registry().update(WEB, now -> now.withBoot(record)).toCompletableFuture().join();
  }
}
