// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every name that was ever used to get out of such a folder, and the folder's own kinds of file.
 */
class BootFilesTest {
  @TempDir private Path folder;
  private Path root;

  @BeforeEach
  void makeFiles() throws Exception {
    root = Files.createDirectories(folder.resolve("root"));
    Files.createDirectories(root.resolve("sub/deep"));
    Files.writeString(folder.resolve("secret"), "secret");
    Files.writeString(root.resolve("boot.efi"), "boot");
    Files.writeString(root.resolve("sub/deep/file.bin"), "deep");
    Files.createSymbolicLink(root.resolve("link"), folder.resolve("secret"));
    Files.createSymbolicLink(root.resolve("inner-link"), root.resolve("boot.efi"));
    Files.createSymbolicLink(root.resolve("up"), folder);
  }

  private String read(String name) throws IOException {
    try (BootFile file = BootFiles.in(root).open(name)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(0, bytes);
      return new String(bytes.array(), StandardCharsets.US_ASCII);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"boot.efi", "/boot.efi", "//boot.efi", "\\boot.efi"})
  void aFileIsFoundUnderTheNamesThatFirmwareWrites(String name) throws Exception {
    assertEquals("boot", read(name));
  }

  @Test
  void foldersMayBeDeep() throws Exception {
    assertEquals("deep", read("sub\\deep/file.bin"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        ".",
        "..",
        "../secret",
        "sub/../boot.efi",
        "sub/../../secret",
        "..\\secret",
        "sub\\..\\..\\secret",
        "./boot.efi",
        "sub//deep/file.bin",
        "boot.efi/",
        "boot.efi\0.txt",
        "boot.efi\n",
        "..%2fsecret",
        "%2e%2e/secret",
        "\u00e9.efi",
        "link",
        "inner-link",
        "up/secret",
        "up/root/boot.efi",
        "sub",
        "boot.efi/x",
        "missing",
        "missing/boot.efi"
      })
  void allElseIsNoFile(String name) {
    assertThrows(NoSuchFileException.class, () -> read(name));
  }

  @Test
  void anAbsoluteNameIsTakenBelowTheFolder() {
    assertThrows(NoSuchFileException.class, () -> read(folder.resolve("secret").toString()));
  }

  @Test
  void aPipeIsNoFileAndIsNotWaitedFor() throws Exception {
    int made = new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start().waitFor();
    assertEquals(0, made);
    assertThrows(NoSuchFileException.class, () -> read("pipe"));
  }

  @Test
  void aNameThatIsTooLongIsNoFile() {
    assertThrows(NoSuchFileException.class, () -> read("a/".repeat(200) + "b"));
  }

  @Test
  void theFolderItselfMayBeALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("root-link"), root);
    try (BootFile file = BootFiles.in(link).open("boot.efi")) {
      assertEquals(4, file.size());
    }
  }

  @Test
  void aFolderThatIsMissingIsSaidSo() {
    IOException e = assertThrows(IOException.class, () -> BootFiles.in(folder.resolve("nowhere")));
    assertTrue(String.valueOf(e.getMessage()).contains("nowhere"));
  }

  @Test
  void aFileThatShrinksIsAnErrorAndNoShorterFile() throws Exception {
    try (BootFile file = BootFiles.in(root).open("boot.efi")) {
      Files.writeString(root.resolve("boot.efi"), "");
      assertThrows(IOException.class, () -> file.read(0, ByteBuffer.allocate(4)));
    }
  }
}
