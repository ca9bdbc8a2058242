// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.block.FencedDevice;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.IoThreads;
import dev.rootstock.images.raw.RawImage;
import dev.rootstock.images.testing.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A golden image with random content, an overlay on it, and what the disk must show. */
final class OverlayFixture implements AutoCloseable {
  static final UUID ID = UUID.fromString("6b1c0e2a-91f4-4b6e-8a37-0d5f9c3e7b21");

  final Path folder;
  final Path overlay;
  final Path golden;
  final byte[] goldenBytes;
  final byte[] model;
  final IoThreads threads = new IoThreads();
  final TableCache cache;
  private final HostFiles.Opener opener;

  /** Bytes that the overlay's file may take. */
  volatile long limit = Long.MAX_VALUE;

  private @Nullable Disk disk;
  private @Nullable RawImage image;

  OverlayFixture(Path folder, int clusterBits, int goldenSize, int size) throws IOException {
    this(folder, clusterBits, goldenSize, size, 16, HostFiles::open);
  }

  OverlayFixture(
      Path folder,
      int clusterBits,
      int goldenSize,
      int size,
      int cachedTables,
      HostFiles.Opener opener)
      throws IOException {
    this(folder, clusterBits, goldenSize, size, cachedTables, HostFiles::open, opener);
  }

  /** The overlay is made through {@code maker} and used through {@code opener}. */
  OverlayFixture(
      Path folder,
      int clusterBits,
      int goldenSize,
      int size,
      int cachedTables,
      HostFiles.Opener maker,
      HostFiles.Opener opener)
      throws IOException {
    this.folder = folder;
    this.opener = opener;
    overlay = folder.resolve("client.qcow2");
    golden = folder.resolve("golden.raw");
    cache = new TableCache(cachedTables);
    goldenBytes = bytes(1, goldenSize);
    Files.write(golden, goldenBytes);
    model = Arrays.copyOf(goldenBytes, size);
    OverlayFile.create(overlay, maker, Header.layOut(clusterBits, size, "golden.raw", ID));
  }

  static byte[] bytes(long seed, int count) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  Disk disk() throws IOException {
    Disk open = disk;
    if (open == null) {
      RawImage base = RawImage.open(golden, HostFiles::open);
      OverlayFile file = OverlayFile.open(overlay, opener);
      try {
        open = new Disk(new FencedDevice(file.device(base, threads, cache, () -> limit, () -> {})));
      } catch (IOException | RuntimeException failure) {
        file.close();
        base.close();
        throw failure;
      }
      disk = open;
      image = base;
    }
    return open;
  }

  void reopen() throws IOException {
    shut();
    disk();
  }

  void shut() throws IOException {
    if (disk != null) {
      disk.device().close();
      disk = null;
    }
    if (image != null) {
      image.close();
      image = null;
    }
  }

  /** A write to the disk and to the model. */
  void write(long offset, byte[] data) throws IOException {
    disk().write(offset, data);
    System.arraycopy(data, 0, model, (int) offset, data.length);
  }

  void discard(long offset, int length) throws IOException {
    disk().discard(offset, length);
    Arrays.fill(model, (int) offset, (int) offset + length, (byte) 0);
  }

  /** The model as a raw file, for QEMU to compare with. */
  Path modelFile() throws IOException {
    return Files.write(folder.resolve("model.raw"), model);
  }

  @Override
  public void close() throws IOException {
    shut();
    threads.close();
  }
}
