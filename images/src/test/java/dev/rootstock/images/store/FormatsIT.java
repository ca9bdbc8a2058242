// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.Qemu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every format comes in and goes out byte for byte; qemu-img and the packers are the judges. */
class FormatsIT {
  private static final int SIZE = 3 << 20;

  @TempDir Path folder;
  private byte[] content = new byte[0];
  private Path raw;
  private LocalImageStore store;

  @BeforeEach
  void openStore() throws Exception {
    content = new byte[SIZE];
    byte[] some = new byte[SIZE / 3];
    new Random(5).nextBytes(some);
    System.arraycopy(some, 0, content, 100_000, some.length);
    raw = Files.write(folder.resolve("disk.raw"), content);
    store = LocalImageStore.open(folder.resolve("data"));
  }

  @AfterEach
  void closeStore() throws Exception {
    for (GoldenVersion version : store.versions()) {
      store.verify(version, Progress.NONE);
    }
    store.close();
  }

  private byte[] shown(GoldenVersion version) throws Exception {
    try (LeasedDisk disk = store.openReadOnly(version)) {
      return new Disk(disk.device()).read(0, (int) version.sizeBytes());
    }
  }

  private Path made(SourceFormat format) throws Exception {
    Path image = folder.resolve("disk." + format.text());
    switch (format) {
      case RAW -> Files.copy(raw, folder.resolve("copy.raw"));
      case GZ -> run("gzip", "-k", raw.toString());
      case XZ -> run("xz", "-k", raw.toString());
      case ZST -> run("zstd", "-q", raw.toString());
      case QCOW2, VHDX, VMDK, VDI, VHD -> {
        Qemu.Result result =
            Qemu.img(
                "convert", "-f", "raw", "-O", format.driver(), raw.toString(), image.toString());
        assertEquals(0, result.exit(), result.output());
      }
    }
    return switch (format) {
      case RAW -> folder.resolve("copy.raw");
      case GZ, XZ, ZST -> folder.resolve("disk.raw." + format.text());
      case QCOW2, VHDX, VMDK, VDI, VHD -> image;
    };
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertEquals(0, process.waitFor(), String.join(" ", command));
  }

  @ParameterizedTest
  @EnumSource(SourceFormat.class)
  void imageIsKnownByItsContentAndCopiedByteForByte(SourceFormat format) throws Exception {
    Path unnamed = Files.move(made(format), folder.resolve("image"));
    GoldenVersion version = store.importImage(unnamed, "debian", null, Progress.NONE);
    byte[] shown = shown(version);
    // A VHD's size is what cylinders, heads and sectors can say: a little more.
    assertArrayEquals(content, Arrays.copyOf(shown, SIZE));
    assertTrue(format == SourceFormat.VHD || shown.length == SIZE);
    assertEquals(SourceFormat.RAW, version.format());
  }

  @ParameterizedTest
  @EnumSource(SourceFormat.class)
  void exportComesBackAsItWas(SourceFormat format) throws Exception {
    GoldenVersion version = store.importImage(raw, "debian", null, Progress.NONE);
    Path out = folder.resolve("out");
    store.export(version, out, format, Progress.NONE);
    GoldenVersion again = store.importImage(out, "again", format, Progress.NONE);
    assertEquals(version.sha256(), again.sha256());
    assertFalse(Files.exists(folder.resolve(".out.part")));
    if (format == SourceFormat.QCOW2) {
      Qemu.checkClean(out);
      Qemu.compare(out, raw);
    }
  }

  @Test
  void deltaIsReadByQemuAndExportedByQemu() throws Exception {
    GoldenVersion first = store.importImage(raw, "debian", null, Progress.NONE);
    OverlayId id = OverlayId.random();
    store.createOverlay("web", id, first, SIZE + 4096);
    byte[] written = new byte[100_000 / 512 * 512];
    Arrays.fill(written, (byte) 0x5a);
    try (LeasedDisk lease = store.openOverlay("web", id)) {
      Disk disk = new Disk(lease.device());
      disk.write(200 * 512, written);
      disk.discard(1 << 20, 1 << 19);
      disk.write(SIZE, Arrays.copyOf(written, 4096));
    }
    byte[] expected = Arrays.copyOf(content, SIZE + 4096);
    System.arraycopy(written, 0, expected, 200 * 512, written.length);
    Arrays.fill(expected, 1 << 20, (1 << 20) + (1 << 19), (byte) 0);
    Arrays.fill(expected, SIZE, SIZE + 4096, (byte) 0x5a);
    Path model = Files.write(folder.resolve("model.raw"), expected);

    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);

    Path delta = folder.resolve("data/images/debian/2.qcow2");
    Qemu.checkClean(delta);
    Qemu.compare(delta, model);
    assertArrayEquals(expected, shown(second));
    Path vmdk = folder.resolve("out.vmdk");
    store.export(second, vmdk, SourceFormat.VMDK, Progress.NONE);
    Qemu.Result compared =
        Qemu.img("compare", "-f", "vmdk", "-F", "raw", vmdk.toString(), model.toString());
    assertEquals(0, compared.exit(), compared.output());
  }

  @Test
  void publishGivesWhatQemuImgCommitGives() throws Exception {
    GoldenVersion first = store.importImage(raw, "debian", null, Progress.NONE);
    OverlayId id = OverlayId.random();
    store.createOverlay("web", id, first, SIZE);
    Random random = new Random(9);
    try (LeasedDisk lease = store.openOverlay("web", id)) {
      Disk disk = new Disk(lease.device());
      for (int i = 0; i < 60; i++) {
        byte[] bytes = new byte[(1 + random.nextInt(300)) * 512];
        random.nextBytes(bytes);
        int at = random.nextInt((SIZE - bytes.length) / 512) * 512;
        if (i % 4 == 3) {
          disk.discard(at, bytes.length);
        } else {
          disk.write(at, bytes);
        }
      }
    }
    GoldenVersion second = store.publish("debian", "web", null, Progress.NONE);
    byte[] ours = shown(second);
    store.rebase("web", second, id, Progress.NONE);
    store.close();

    Path copy = Files.createDirectories(folder.resolve("copy"));
    run("cp", "-r", folder.resolve("data") + "/.", copy.toString());
    run("chmod", "-R", "u+w", copy.toString());
    Path overlay = copy.resolve("clients/web.qcow2");
    Qemu.checkClean(overlay);
    assertArrayEquals(ours, converted(overlay), "our rebase keeps the content");
    qemu("rebase", "-f", "qcow2", "-F", "raw", "-b", "../images/debian/1.raw", overlay.toString());
    assertArrayEquals(ours, converted(overlay), "and so does theirs");
    qemu("commit", "-q", "-f", "qcow2", overlay.toString());
    assertArrayEquals(ours, Files.readAllBytes(copy.resolve("images/debian/1.raw")));
    store = LocalImageStore.open(folder.resolve("data"));
  }

  private byte[] converted(Path image) throws Exception {
    Path out = folder.resolve("converted");
    qemu("convert", "-f", "qcow2", "-O", "raw", image.toString(), out.toString());
    return Files.readAllBytes(out);
  }

  private static void qemu(String... arguments) throws Exception {
    Qemu.Result result = Qemu.img(arguments);
    assertEquals(0, result.exit(), result.output());
  }

  @Test
  void imageThatNamesOtherFilesNeverReachesQemu() throws Exception {
    Path parent = folder.resolve("parent.vmdk");
    qemu("create", "-q", "-f", "vmdk", parent.toString(), "3M");
    Path child = folder.resolve("child.vmdk");
    qemu("create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", parent.toString(), child.toString());
    refused("stands on another one", child);
    // QEMU opens the parent also where the header says that there is no descriptor.
    patch(child, 28, 0);
    patch(child, 32, 0);
    refused("stands on another one", child);
    Path flat = folder.resolve("flat.vmdk");
    qemu("create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", flat.toString(), "3M");
    refused("stand in other files", flat);

    Path vhd = folder.resolve("disk.vhd");
    qemu("create", "-q", "-f", "vpc", vhd.toString(), "3M");
    patch(vhd, Files.size(vhd) - 512 + 60, 4);
    refused("a differencing VHD", vhd);
    Path vdi = folder.resolve("disk.vdi");
    qemu("create", "-q", "-f", "vdi", vdi.toString(), "3M");
    patch(vdi, 0x4c, 4 << 24);
    refused("a VDI of type 4", vdi);
    Path external = folder.resolve("data.qcow2");
    qemu("create", "-q", "-f", "qcow2", "-o", "data_file=" + raw, external.toString(), "3M");
    refused("offset 72: its data stand in another file", external);
    try (Stream<Path> images = Files.list(folder.resolve("data/images"))) {
      assertEquals(List.of(), images.toList());
    }
  }

  private static void patch(Path file, long at, int value) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(4).putInt(0, value), at);
    }
  }

  private void refused(String why, Path file) {
    StoreException refusal =
        assertThrows(
            StoreException.class, () -> store.importImage(file, "bad", null, Progress.NONE));
    assertEquals(Kind.INVALID, refusal.kind());
    assertTrue(String.valueOf(refusal.getMessage()).contains(why), refusal.getMessage());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RAW")
  void imageThatIsCutOffIsRefusedAndLeavesNothing(SourceFormat format) throws Exception {
    byte[] whole = Files.readAllBytes(made(format));
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, whole.length / 2));
    refused(
        switch (format) {
          case GZ, XZ -> "it ends inside its compressed data";
          case ZST -> "it cannot be unpacked (Truncated source)";
          case VDI -> "it is cut off";
          case VMDK -> "points after EOF";
          case VHD, VHDX -> "truncated";
          case QCOW2 -> "beyond the file's";
          case RAW -> throw new AssertionError();
        },
        cut);
    assertFalse(Files.exists(folder.resolve("data/images/bad")));
  }

  @ParameterizedTest
  @EnumSource(names = {"GZ", "XZ", "ZST"})
  void packedImageThatIsDamagedIsRefused(SourceFormat format) throws Exception {
    Path packed = made(format);
    patch(packed, Files.size(packed) / 2, 0x12345678);
    refused("it cannot be unpacked (", packed);
    byte[] magic = Arrays.copyOf(Files.readAllBytes(packed), 6);
    StoreException refusal =
        assertThrows(
            StoreException.class,
            () ->
                store.importImage(
                    Files.write(folder.resolve("head"), magic), "bad", format, Progress.NONE));
    assertFalse(String.valueOf(refusal.getMessage()).contains("null"), refusal.getMessage());
  }

  @Test
  void packedImageOfAnotherFormatIsRefused() throws Exception {
    Path wrapped = made(SourceFormat.QCOW2);
    run("gzip", "-k", wrapped.toString());
    refused("holds a compressed qcow2 image", folder.resolve("disk.qcow2.gz"));
  }
}
