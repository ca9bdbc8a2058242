// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.Group;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Who would miss a golden version. */
final class ImageUsers {
  private ImageUsers() {}

  /** Clients that stand on this very version: by a disk, a snapshot, their boot, or by name. */
  static List<String> of(Installation installation, GoldenVersion version) throws StoreException {
    TreeSet<String> users = new TreeSet<>(installation.store().usersOf(version));
    ImageReference exact = ImageReference.of(version.name(), version.number());
    for (Registration registration : installation.registry().all()) {
      String name = registration.client().name().value();
      BootRecord boot = registration.boot();
      if ((boot != null && boot.image().equals(exact) && needsImage(boot))
          || registration.client().image().equals(exact)
          || registration.client().menu().contains(exact)
          || registration.client().sees(exact)) {
        users.add(name);
      }
    }
    for (Group group : installation.registry().groups()) {
      if (exact.equals(group.settings().image()) || menu(group).contains(exact)) {
        users.add("group " + group.name());
      }
    }
    return new ArrayList<>(users);
  }

  /**
   * Whether a boot's image is still read: by the boot, or by the next one, which goes on with a
   * persistent disk, or makes it again when power loss has taken it before it was flushed.
   */
  private static boolean needsImage(BootRecord boot) {
    return !boot.has(Flag.ENDED) || (boot.mode() == Mode.PERSISTENT && boot.overlay() != null);
  }

  /** Clients whose next boot would find no version of their image. */
  static List<String> stranded(Installation installation, GoldenVersion version) {
    ImageStore store = installation.store();
    boolean last =
        store.versions().stream().filter(v -> v.name().equals(version.name())).count() == 1;
    if (!last) {
      return List.of();
    }
    Stream<String> clients =
        installation.registry().all().stream()
            .map(Registration::client)
            .filter(client -> wants(version, List.of(client.image()), client.menu()))
            .map(client -> client.name().value());
    Stream<String> groups =
        installation.registry().groups().stream()
            .filter(
                group ->
                    wants(
                        version,
                        Optional.ofNullable(group.settings().image()).stream().toList(),
                        menu(group)))
            .map(group -> "group " + group.name());
    return Stream.concat(clients, groups).toList();
  }

  private static boolean wants(
      GoldenVersion version, List<ImageReference> image, List<ImageReference> menu) {
    return Stream.concat(image.stream(), menu.stream())
        .anyMatch(each -> each.image().equals(version.name()));
  }

  private static List<ImageReference> menu(Group group) {
    List<ImageReference> menu = group.settings().menu();
    return menu == null ? List.of() : menu;
  }
}
