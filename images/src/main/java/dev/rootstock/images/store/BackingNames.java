// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.Qcow2Image;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What overlays and snapshots call the golden version that they stand on, in both directions. */
final class BackingNames {
  /** The only backing names that are ever opened: what an overlay's header says is not trusted. */
  private static final Pattern BACKING =
      Pattern.compile("\\.\\./images/([^/]{1,63})/([1-9][0-9]{0,5})\\.(raw|qcow2)");

  private final GoldenFiles golden;
  private final HostFiles.Opener opener;

  BackingNames(GoldenFiles golden, HostFiles.Opener opener) {
    this.golden = golden;
    this.opener = opener;
  }

  static String of(GoldenVersion base) {
    return "../images/%s/%s".formatted(base.name(), base.file());
  }

  /** The golden version that a layer or an overlay of ours stands on, by its header. */
  GoldenVersion baseOf(String client, Path layer) throws StoreException, IOException {
    String backing = Qcow2Image.header(layer, opener).backingName();
    return version(client, backing == null ? "" : backing);
  }

  /**
   * The golden version of a name in the header of a client's disk.
   *
   * @throws StoreException CORRUPT when it is no such name, NOT_FOUND when the version is gone
   */
  GoldenVersion version(String client, String backing) throws StoreException {
    Matcher name = BACKING.matcher(backing);
    if (!name.matches() || !ImageStore.isName(name.group(1))) {
      throw new StoreException(
          Kind.CORRUPT,
          "the disk of %s stands on \"%s\", which is no golden version".formatted(client, backing));
    }
    int number = Integer.parseInt(name.group(2));
    return golden
        .find(name.group(1), number)
        .filter(version -> backing.endsWith("/" + version.file()))
        .orElseThrow(
            () ->
                new StoreException(
                    Kind.NOT_FOUND,
                    "the disk of %s stands on %s@%d, which is not in the store; restore it"
                        .formatted(client, name.group(1), number)));
  }
}
