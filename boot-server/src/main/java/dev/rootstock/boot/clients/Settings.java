// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What somebody, a client or a group, says about disks and boots. Whatever is null or empty is left
 * to whoever comes next: the client's group, then the built-in default.
 *
 * @param image what the disk is made from
 * @param mode what becomes of writes
 * @param sizeBytes the size of the disk, a multiple of 512; 0 for the image's own
 * @param limitBytes what writes may take in the store; 0 for no limit
 * @param secureBoot whether firmware gets programs that are signed for Secure Boot
 * @param install whether the machine gets its disk attached and boots from something else
 * @param menu the images that whoever is at the machine may choose from; empty for no menu
 */
public record Settings(
    @Nullable ImageReference image,
    @Nullable Mode mode,
    OptionalLong sizeBytes,
    OptionalLong limitBytes,
    @Nullable Boolean secureBoot,
    @Nullable Boolean install,
    @Nullable List<ImageReference> menu) {
  private static final int BLOCK = 512;

  /** Nothing is said. */
  public static final Settings NONE =
      new Settings(null, null, OptionalLong.empty(), OptionalLong.empty(), null, null, null);

  public Settings {
    if (limitBytes.isPresent() && limitBytes.getAsLong() < 0) {
      throw new InvalidClientException(
          "a limit of %d bytes cannot be".formatted(limitBytes.getAsLong()));
    }
    if (sizeBytes.isPresent()
        && (sizeBytes.getAsLong() < 0 || sizeBytes.getAsLong() % BLOCK != 0)) {
      throw new InvalidClientException(
          "a disk of %d bytes cannot be: the size must be a positive multiple of %d"
              .formatted(sizeBytes.getAsLong(), BLOCK));
    }
    if (menu != null) {
      menu = List.copyOf(menu);
      checkMenu(menu);
    }
  }

  private static void checkMenu(List<ImageReference> menu) {
    if (menu.size() > Limits.MENU) {
      throw new InvalidClientException(
          "%d images are too many for one menu: at most %d".formatted(menu.size(), Limits.MENU));
    }
    if (menu.stream().distinct().count() != menu.size()) {
      throw new InvalidClientException("the same image stands twice in the menu");
    }
  }

  /** Whether this one is said. */
  public boolean says(Setting setting) {
    return switch (setting) {
      case IMAGE -> image != null;
      case MODE -> mode != null;
      case SIZE -> sizeBytes.isPresent();
      case LIMIT -> limitBytes.isPresent();
      case SECURE_BOOT -> secureBoot != null;
      case INSTALL -> install != null;
      case MENU -> menu != null;
    };
  }

  /** These, and where they say nothing, the others. */
  public Settings or(Settings others) {
    return new Settings(
        image != null ? image : others.image,
        mode != null ? mode : others.mode,
        sizeBytes.isPresent() ? sizeBytes : others.sizeBytes,
        limitBytes.isPresent() ? limitBytes : others.limitBytes,
        secureBoot != null ? secureBoot : others.secureBoot,
        install != null ? install : others.install,
        menu != null ? menu : others.menu);
  }

  /** The same, and this one is not said. */
  public Settings without(Setting setting) {
    return switch (setting) {
      case IMAGE -> withImage(null);
      case MODE -> withMode(null);
      case SIZE -> withSize(OptionalLong.empty());
      case LIMIT -> withLimit(OptionalLong.empty());
      case SECURE_BOOT -> withSecureBoot(null);
      case INSTALL -> withInstall(null);
      case MENU -> withMenu(null);
    };
  }

  public Settings withImage(@Nullable ImageReference newImage) {
    return new Settings(newImage, mode, sizeBytes, limitBytes, secureBoot, install, menu);
  }

  public Settings withMode(@Nullable Mode newMode) {
    return new Settings(image, newMode, sizeBytes, limitBytes, secureBoot, install, menu);
  }

  public Settings withSize(OptionalLong newSize) {
    return new Settings(image, mode, newSize, limitBytes, secureBoot, install, menu);
  }

  public Settings withLimit(OptionalLong newLimit) {
    return new Settings(image, mode, sizeBytes, newLimit, secureBoot, install, menu);
  }

  public Settings withSecureBoot(@Nullable Boolean newSecureBoot) {
    return new Settings(image, mode, sizeBytes, limitBytes, newSecureBoot, install, menu);
  }

  public Settings withInstall(@Nullable Boolean newInstall) {
    return new Settings(image, mode, sizeBytes, limitBytes, secureBoot, newInstall, menu);
  }

  public Settings withMenu(@Nullable List<ImageReference> newMenu) {
    return new Settings(image, mode, sizeBytes, limitBytes, secureBoot, install, newMenu);
  }
}
