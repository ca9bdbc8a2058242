// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import com.github.luben.zstd.ZstdInputStream;
import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.ImageChain;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** Opens the files that are imported, and refuses what cannot be a disk. */
final class DiskSources {
  private static final int SECTOR = 512;

  private DiskSources() {}

  /**
   * Opens a file.
   *
   * @param format what it is; null to find out by its content
   * @param scratch a file that must not exist, for what qemu-img makes of it; the caller removes it
   */
  static DiskSource open(
      Path file,
      @Nullable SourceFormat format,
      Path scratch,
      HostFiles.Opener opener,
      Progress progress)
      throws StoreException, IOException {
    if (Files.isDirectory(file)) {
      throw invalid(file + " is a folder; name the image file that is in it");
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    boolean taken = false;
    try {
      if (channel.size() == 0) {
        throw invalid(file + " is empty; it holds no disk");
      }
      SourceFormat known = format != null ? format : SourceFormat.of(channel);
      DiskSource source;
      switch (known) {
        case RAW -> {
          checkSize(file, channel.size());
          source = new DiskSource.Raw(channel);
          taken = true;
        }
        case GZ, XZ, ZST -> {
          source = packed(file, channel, known);
          taken = true;
        }
        case QCOW2 -> source = new DiskSource.Image(ImageChain.open(file, opener));
        case VHD, VHDX, VMDK, VDI -> {
          ForeignHeaders.check(file, channel, known);
          QemuImg.INSTALLED.toRaw(known, file, scratch, progress, channel.size());
          FileChannel raw = FileChannel.open(scratch, StandardOpenOption.READ);
          source = new DiskSource.Raw(raw);
        }
        default -> throw new IllegalStateException("no source for " + known);
      }
      return source;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static DiskSource packed(Path file, FileChannel channel, SourceFormat format)
      throws StoreException, IOException {
    BufferedInputStream raw;
    ByteBuffer start;
    try {
      raw = new BufferedInputStream(unpacking(channel, format), 64 << 10);
      raw.mark(SECTOR);
      start = ByteBuffer.wrap(raw.readNBytes(SECTOR));
      raw.reset();
    } catch (IOException failure) {
      throw DiskSource.Packed.damaged(failure);
    }
    SourceFormat inside = SourceFormat.of(start);
    if (inside != SourceFormat.RAW) {
      throw invalid(
          "%s holds a compressed %s image, and only raw ones are unpacked: unpack it first"
              .formatted(file, inside.text()));
    }
    return new DiskSource.Packed(channel, raw);
  }

  private static InputStream unpacking(FileChannel channel, SourceFormat format)
      throws IOException {
    InputStream in = new BufferedInputStream(Channels.newInputStream(channel), 64 << 10);
    return switch (format) {
      case GZ -> new GZIPInputStream(in, 64 << 10);
      case XZ -> new XZInputStream(in, Limits.XZ_MEMORY_KIB);
      case ZST -> new ZstdInputStream(in);
      default -> throw new IllegalArgumentException("not packed: " + format);
    };
  }

  /** Refuses a size that no disk has. */
  static void checkSize(Path file, long size) throws StoreException {
    if (size == 0) {
      throw invalid(file + " is empty; it holds no disk");
    }
    if (size % SECTOR != 0) {
      throw invalid(
          "%s has %d bytes, which is no multiple of 512: it is cut off, or no raw disk image"
              .formatted(file, size));
    }
    if (size > Limits.MAX_DISK_BYTES) {
      throw invalid("%s has %d bytes; the largest disk is 64 TiB".formatted(file, size));
    }
  }

  static StoreException invalid(String message) {
    return new StoreException(Kind.INVALID, message);
  }
}
