// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import dev.rootstock.qemu.PartitionTable.Kind;
import dev.rootstock.qemu.PartitionTable.Partition;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes a small disk image that boots over iSCSI in both firmwares, out of the distribution's own
 * kernel, busybox, klibc and open-iscsi. It needs no root, no loop device and no mount, and the
 * same packages give the same bytes.
 *
 * <p>The disk: a protective MBR whose code is GRUB's {@code boot.img}; GRUB's core image in a BIOS
 * boot partition; an EFI system partition with GRUB as {@code BOOTX64.EFI}; and an ext4 root. BIOS
 * firmware starts the first, UEFI the second, and both load the same kernel.
 */
public final class GoldenImageMaker {
  /** What the tests and the demo call the image. */
  static final String IMAGE_NAME = "debian";

  /** The label by which GRUB and the initramfs find the root. */
  private static final String LABEL = "rootstock";

  private static final Partition BIOS = new Partition("bios", Kind.BIOS_BOOT, 2048, 2048);
  private static final Partition ESP = new Partition("esp", Kind.EFI_SYSTEM, 4096, 8192);
  private static final Partition ROOT = new Partition("root", Kind.LINUX, 12288, 192 * 1024);
  private static final long DISK_SECTORS =
      alignUp(ROOT.first() + ROOT.sectors() + PartitionTable.tailSectors());

  /** All times in the image; 2026-11-20. */
  private static final Instant EPOCH = Instant.ofEpochSecond(1_795_132_800);

  /** Where boot.img keeps the sector of the core image (grub: GRUB_BOOT_MACHINE_KERNEL_SECTOR). */
  private static final int BOOT_KERNEL_SECTOR = 0x5c;

  /** Where a core image keeps the sector of its own second half-kilobyte. */
  private static final int CORE_BLOCK_LIST = 0x1f4;

  private static final int BOOT_CODE_BYTES = 440;
  private static final Path GRUB = Path.of("/usr/lib/grub");

  private final Path work;
  private final Path image;

  private GoldenImageMaker(Path work, Path image) {
    this.work = work;
    this.image = image;
  }

  /**
   * Makes the image, of packages that are kept in the user's own cache.
   *
   * @param image the file to make; replaced when it is there
   * @return the release of the kernel in it
   */
  public static String make(Path image) throws IOException, InterruptedException {
    return make(DebianPackages.inUserCache(), image);
  }

  /**
   * Makes the image.
   *
   * @param packages where the packages come from
   * @param image the file to make; replaced when it is there
   * @return the release of the kernel in it
   */
  static String make(DebianPackages packages, Path image) throws IOException, InterruptedException {
    Files.createDirectories(image.toAbsolutePath().getParent());
    Path work = Files.createTempDirectory(image.toAbsolutePath().getParent(), "image-");
    try {
      Path partial = work.resolve("disk.raw");
      String kernel = new GoldenImageMaker(work, partial).make(packages);
      Files.move(partial, image, StandardCopyOption.REPLACE_EXISTING);
      return kernel;
    } finally {
      FileTree.delete(work);
    }
  }

  private String make(DebianPackages packages) throws IOException, InterruptedException {
    GuestSoftware software = GuestSoftware.unpack(packages, work.resolve("packages"));
    Path initrd = work.resolve("initrd.img");
    software.writeInitramfs(initrd, work.resolve("initramfs"));
    Path root = work.resolve("root");
    software.writeRoot(root);
    Files.createDirectories(root.resolve("boot"));
    Files.copy(software.kernel(), root.resolve("boot/vmlinuz"));
    Files.move(initrd, root.resolve("boot/initrd.img"));

    try (var disk = FileChannel.open(image, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      disk.write(ByteBuffer.allocate(1), DISK_SECTORS * PartitionTable.SECTOR - 1);
      writeBiosLoader(disk);
      new PartitionTable(DISK_SECTORS, List.of(BIOS, ESP, ROOT)).writeTo(disk);
    }
    writeEfiPartition();
    writeRootPartition(root);
    return software.kernelRelease();
  }

  private void writeBiosLoader(FileChannel disk) throws IOException, InterruptedException {
    ByteBuffer boot = littleEndian(Files.readAllBytes(GRUB.resolve("i386-pc/boot.img")));
    boot.putLong(BOOT_KERNEL_SECTOR, BIOS.first());
    disk.write(boot.limit(BOOT_CODE_BYTES), 0);

    ByteBuffer core = littleEndian(grubImage("i386-pc", "core.img", List.of("biosdisk")));
    if (core.capacity() > BIOS.bytes()) {
      throw new IOException("GRUB's core image is larger than its partition: " + core.capacity());
    }
    core.putLong(CORE_BLOCK_LIST, BIOS.first() + 1);
    disk.write(core, BIOS.offset());
  }

  private void writeEfiPartition() throws IOException, InterruptedException {
    grubImage("x86_64-efi", "BOOTX64.EFI", List.of());
    String at = image + "@@" + ESP.offset();
    String sectors = Long.toString(ESP.sectors());
    tool("mformat", "-i", at, "-T", sectors, "-h", "16", "-s", "32", "-N", "0", "-v", "ESP", "::");
    tool("mmd", "-i", at, "::/EFI", "::/EFI/BOOT");
    tool("mcopy", "-i", at, work.resolve("BOOTX64.EFI").toString(), "::/EFI/BOOT/BOOTX64.EFI");
  }

  private byte[] grubImage(String platform, String name, List<String> more)
      throws IOException, InterruptedException {
    if (!Files.isDirectory(GRUB.resolve(platform))) {
      String debian = platform.equals("i386-pc") ? "grub-pc-bin" : "grub-efi-amd64-bin";
      throw new IOException(
          "%s is not installed; run: apt-get install -y %s"
              .formatted(GRUB.resolve(platform), debian));
    }
    Path config = work.resolve("grub.cfg");
    // GRUB's rescue parser knows no comments.
    List<String> lines = new String(resource("grub.cfg"), StandardCharsets.UTF_8).lines().toList();
    Files.write(config, lines.stream().filter(line -> !line.startsWith("#")).toList());
    Path made = work.resolve(name);
    var command =
        new ArrayList<>(
            List.of("grub-mkimage", "-O", platform, "-p", "/boot/grub", "-c", config.toString()));
    command.addAll(List.of("-o", made.toString(), "part_gpt", "ext2", "search", "search_label"));
    command.addAll(List.of("linux", "echo", "boot"));
    command.addAll(more);
    tool(command.toArray(String[]::new));
    return Files.readAllBytes(made);
  }

  /** As root, at least of a user namespace, so that every file in the image is root's. */
  private void writeRootPartition(Path root) throws IOException, InterruptedException {
    String identifier = "6a1c3a0e-7f4f-4c63-9a53-2f5b3a1d9e01";
    String options =
        "offset=%d,root_owner=0:0,hash_seed=%s,lazy_itable_init=0"
            .formatted(ROOT.offset(), identifier);
    List<String> command = new ArrayList<>();
    if (!PrivateNetwork.isRoot()) {
      command.addAll(List.of("unshare", "--user", "--map-root-user"));
    }
    command.addAll(List.of("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", LABEL));
    command.addAll(List.of("-U", identifier, "-E", options, "-d", root.toString()));
    command.addAll(List.of(image.toString(), ROOT.bytes() / 1024 + "k"));
    tool(command.toArray(String[]::new));
    fixTimes(root);
  }

  /** mke2fs -d takes times from files whose change time nobody can set: set them all. */
  private void fixTimes(Path root) throws IOException, InterruptedException {
    var script = new StringBuilder();
    var paths = new ArrayList<String>(List.of("/", "/lost+found"));
    FileTree.list(root).forEach(p -> paths.add("/" + root.relativize(p)));
    for (String path : paths) {
      for (String field : List.of("atime", "ctime", "mtime", "crtime")) {
        script.append("sif %s %s @%d%n".formatted(path, field, EPOCH.getEpochSecond()));
        script.append("sif %s %s_extra 0%n".formatted(path, field));
      }
    }
    Path file = work.resolve("times");
    Files.writeString(file, script);
    tool("debugfs", "-w", "-f", file.toString(), image + "?offset=" + ROOT.offset());
  }

  private void tool(String... command) throws IOException, InterruptedException {
    String epoch = Long.toString(EPOCH.getEpochSecond());
    Tool.run(
        work,
        Map.of("SOURCE_DATE_EPOCH", epoch, "E2FSPROGS_FAKE_TIME", epoch, "MTOOLS_SKIP_CHECK", "1"),
        List.of(command));
  }

  /** A file of the guest that is ours. */
  static byte[] resource(String name) throws IOException {
    try (InputStream in = GoldenImageMaker.class.getResourceAsStream("guest/" + name)) {
      if (in == null) {
        throw new IOException("the build lacks its resource guest/" + name);
      }
      return in.readAllBytes();
    }
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** To a whole MiB. */
  private static long alignUp(long sectors) {
    return (sectors + 2047) / 2048 * 2048;
  }
}
