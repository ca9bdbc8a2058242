// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rootstock.images.store.StoreException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A tool that a stranger's image has made greedy is ended, and the message says at which limit. */
@Timeout(120)
class QemuImgTest {
  private static final long MEMORY_KIB = 256 << 10;
  private static final long FILE_BYTES = 1 << 20;

  @TempDir Path folder;

  /** What is said of a tool that does this; the image that it was to make is {@code $to}. */
  private String said(String script, long seconds) throws Exception {
    Path tool = folder.resolve("tool");
    Files.writeString(
        tool, "#!/bin/sh\nfor to; do :; done\nprintf '    (0.00/100%%)\\r'\n" + script);
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
    Path image = folder.resolve("disk.vmdk");
    StoreException failure =
        assertThrows(
            StoreException.class,
            () ->
                new QemuImg(tool.toString(), seconds, MEMORY_KIB, FILE_BYTES)
                    .toRaw(
                        SourceFormat.VMDK, image, folder.resolve("disk.raw"), Progress.NONE, 512));
    assertEquals(Kind.INVALID, failure.kind());
    String message = String.valueOf(failure.getMessage());
    String begin = image + " is a vmdk image, and qemu-img ";
    assertEquals(begin, message.substring(0, Math.min(begin.length(), message.length())));
    assertFalse(message.contains("\n"), message);
    return message.substring(begin.length());
  }

  @Test
  void secondsOfTheProcessor() throws Exception {
    assertEquals(
        "was ended: it may take 1 seconds of the processor (exit 152)",
        said("while :; do :; done", 1));
  }

  @Test
  void secondsAlsoWhereItDoesNotHear() throws Exception {
    assertEquals("failed (exit 137)", said("trap '' XCPU\nwhile :; do :; done", 1));
  }

  @Test
  void memory() throws Exception {
    String said = said("exec dd if=/dev/zero of=/dev/null bs=1G count=1", 60);
    assertEquals(
        "failed for want of memory, of which it may take 256 MiB (exit 1): dd: ",
        said.substring(0, said.indexOf("dd: ") + 4));
  }

  @Test
  void lengthOfAFile() throws Exception {
    assertEquals(
        "was ended: it may write 1048576 bytes (exit 153)",
        said("exec dd if=/dev/zero of=\"$to\" bs=64k count=17", 60));
  }

  @Test
  void whatItSaysBesideItsProgress() throws Exception {
    assertEquals("failed (exit 1): no such luck", said("echo no such luck\nexit 1", 60));
  }

  @Test
  void oneThatIsNotInstalled() {
    QemuImg missing = new QemuImg(folder.resolve("missing").toString(), 60, MEMORY_KIB, FILE_BYTES);
    Path image = folder.resolve("disk.vdi");
    Path raw = folder.resolve("disk.raw");
    StoreException failure =
        assertThrows(
            StoreException.class,
            () -> missing.toRaw(SourceFormat.VDI, image, raw, Progress.NONE, 512));
    assertEquals(Kind.INVALID, failure.kind());
    assertEquals(
        image
            + " is a vdi image, and qemu-img, which reads and writes those, is not installed:"
            + " install the package qemu-utils, or convert elsewhere to raw or qcow2",
        failure.getMessage());
    assertFalse(Files.exists(raw));
  }
}
