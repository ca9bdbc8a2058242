// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.config.Configuration.BootFileSettings;
import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.files.BootFiles;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs that firmware with Secure Boot lets run: a signed shim, which loads the signed iPXE
 * beside it. None is in Debian's package ipxe, so they are used where the folder of boot files has
 * them when the server starts.
 */
final class SignedPrograms {
  private static final Logger log = LoggerFactory.getLogger(SignedPrograms.class);

  private SignedPrograms() {}

  /** The program of each platform that has one. */
  static Map<Platform, String> in(BootFiles files, BootFileSettings settings) {
    Map<Platform, String> found = new EnumMap<>(Platform.class);
    find(files, "uefi-x64-signed", settings.signedX64(), BootFileSettings.SIGNED_X64)
        .ifPresent(name -> found.put(Platform.UEFI_X64, name));
    find(files, "uefi-arm64-signed", settings.signedArm64(), BootFileSettings.SIGNED_ARM64)
        .ifPresent(name -> found.put(Platform.UEFI_ARM64, name));
    found.forEach((platform, name) -> log.info("{} with Secure Boot loads {}", platform, name));
    return found;
  }

  private static Optional<String> find(
      BootFiles files, String key, @Nullable String configured, List<String> usual) {
    List<String> names = configured == null ? usual : List.of(configured);
    Optional<String> there = names.stream().filter(name -> isThere(files, name)).findFirst();
    if (there.isEmpty() && configured != null) {
      log.warn(
          "'tftp.{}: {}' is no file of the boot files' folder: machines with Secure Boot load"
              + " nothing until it is there and the server has been restarted",
          key,
          configured);
    }
    return there;
  }

  private static boolean isThere(BootFiles files, String name) {
    try {
      files.open(name).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
