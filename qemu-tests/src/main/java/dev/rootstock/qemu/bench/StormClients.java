// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/** Puts the machines of {@link StormMachines} into a registry that no service has open. */
final class StormClients {
  private StormClients() {}

  /** Takes the data directory, the image, and how many machines there are. */
  public static void main(String[] arguments) throws Exception {
    ImageReference image = ImageReference.parse(arguments[1]);
    try (Registry registry = Registry.open(Path.of(arguments[0]))) {
      List<CompletionStage<Registration>> added = new ArrayList<>();
      for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
        added.add(
            registry.add(
                new Client(
                    new ClientName("machine" + i),
                    List.of(MacAddress.parse(StormMachines.mac(i))),
                    null,
                    List.of(),
                    image,
                    Mode.EPHEMERAL,
                    null,
                    OptionalLong.empty())));
      }
      for (CompletionStage<Registration> each : added) {
        each.toCompletableFuture().get();
      }
    }
  }
}
