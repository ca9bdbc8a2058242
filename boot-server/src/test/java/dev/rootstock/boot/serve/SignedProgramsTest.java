// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.config.Configuration.BootFileSettings;
import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.files.BootFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which signed programs are taken from the folder of boot files. */
class SignedProgramsTest {
  @TempDir private Path root;

  private Map<Platform, String> found(@Nullable String x64) throws Exception {
    return SignedPrograms.in(
        BootFiles.in(root),
        new BootFileSettings(true, root, "undionly.kpxe", "snponly.efi", null, x64, null));
  }

  private void file(String name) throws Exception {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[] {'M', 'Z'});
  }

  @Test
  void aFolderWithoutAnyHasNone() throws Exception {
    file("snponly.efi");
    assertEquals(Map.of(), found(null));
  }

  @Test
  void theFilesOfIpxesReleaseAreFoundByArchitecture() throws Exception {
    file("x86_64-sb/shimx64.efi");
    file("arm64-sb/shimaa64.efi");
    assertEquals(
        Map.of(
            Platform.UEFI_X64, "x86_64-sb/shimx64.efi",
            Platform.UEFI_ARM64, "arm64-sb/shimaa64.efi"),
        found(null));
  }

  @Test
  void debiansShimIsFoundByItsName() throws Exception {
    file("shimx64.efi.signed");
    assertEquals(Map.of(Platform.UEFI_X64, "shimx64.efi.signed"), found(null));
  }

  @Test
  void theConfiguredOneGoesBeforeTheUsual() throws Exception {
    file("x86_64-sb/shimx64.efi");
    file("own/shim.efi");
    assertEquals(Map.of(Platform.UEFI_X64, "own/shim.efi"), found("own/shim.efi"));
  }

  @Test
  void aConfiguredOneThatIsMissingIsNotReplacedByAnother() throws Exception {
    file("x86_64-sb/shimx64.efi");
    assertEquals(Map.of(), found("own/shim.efi"));
  }

  @Test
  void aLinkIsNoProgram() throws Exception {
    file("real.efi");
    Files.createSymbolicLink(root.resolve("shimx64.efi"), Path.of("real.efi"));
    assertEquals(Map.of(), found(null));
  }
}
