// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registry;
import java.util.Optional;

/** Which images a machine's user may choose. Asked when one is chosen, and again at the login. */
final class ImageMenu {
  private ImageMenu() {}

  /** What stands against a choice, in one line. */
  static Optional<String> against(BootParts parts, ClientName client, String image) {
    return parts
        .registry()
        .find(client)
        .map(found -> against(parts, found.client(), image))
        .orElseGet(() -> Optional.ofNullable(Registry.unknown(client).getMessage()));
  }

  static Optional<String> against(BootParts parts, Client client, String image) {
    Optional<ImageReference> allowed =
        client.menu().stream().filter(each -> each.toString().equals(image)).findFirst();
    if (allowed.isEmpty()) {
      return Optional.of(
          "its menu has no image %s: 'rootstock client set --menu' says what it may boot"
              .formatted(BootParts.shown(image)));
    }
    return parts.version(allowed.get()).isPresent()
        ? Optional.empty()
        : Optional.of(
            "its menu has image %s, and there is none: run 'rootstock image import', or choose"
                    .formatted(image)
                + " another one");
  }
}
