// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import com.github.luben.zstd.ZstdOutputStream;
import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Writes a disk of the store into a file outside, whole and durably, or not at all. */
final class Export {
  private static final Logger LOG = LoggerFactory.getLogger(Export.class);

  private final GoldenImage image;
  private final Path ours;
  private final HostFiles.Opener opener;

  /**
   * An export.
   *
   * @param ours the file that the image stands in, for those formats that qemu-img writes
   */
  Export(GoldenImage image, Path ours, HostFiles.Opener opener) {
    this.image = image;
    this.ours = ours;
    this.opener = opener;
  }

  void to(Path file, SourceFormat format, Progress progress) throws StoreException, IOException {
    Path target = file.toAbsolutePath();
    if (Files.exists(target)) {
      throw new StoreException(
          Kind.INVALID, target + " is there already: remove it, or name another file");
    }
    Path folder = target.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new StoreException(
          Kind.NOT_FOUND, "there is no folder %s to write %s into".formatted(folder, target));
    }
    Path part = target.resolveSibling("." + target.getFileName() + ".part");
    boolean named = false;
    boolean finished = false;
    try {
      opener.delete(part);
      write(part, format, progress);
      opener.move(part, target);
      named = true;
      syncFolder(target);
      finished = true;
    } finally {
      if (!finished) {
        deleteQuietly(named ? target : part);
      }
    }
  }

  /** A folder that may be written and not read has to do without. */
  private void syncFolder(Path target) throws IOException {
    Path folder = target.getParent();
    if (folder != null && Files.isReadable(folder)) {
      opener.syncFolder(folder);
    }
  }

  private void deleteQuietly(Path file) {
    try {
      opener.delete(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
    }
  }

  private void write(Path part, SourceFormat format, Progress progress)
      throws StoreException, IOException {
    switch (format) {
      case RAW -> SparseCopy.copy(unclosed(), part, opener, progress);
      case QCOW2 ->
          LayerCopy.copy(
              image,
              null,
              null,
              part,
              opener,
              () -> Thread.currentThread().isInterrupted(),
              progress);
      case GZ, XZ, ZST -> pack(part, format, progress);
      case VHD, VHDX, VMDK, VDI -> {
        QemuImg.INSTALLED.fromOurs(ours, format, part, progress, image.size());
        try (HostFile made = opener.open(part, HostFiles.Mode.READ_WRITE)) {
          made.sync();
        }
      }
    }
  }

  /** The image is the caller's, who closes it. */
  private DiskSource unclosed() {
    return new DiskSource.Image(image);
  }

  private void pack(Path part, SourceFormat format, Progress progress) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(Limits.COPY_BYTES);
    ProgressClock clock = new ProgressClock(progress, image.size());
    DiskSource source = unclosed();
    // The file is closed by itself too: what packs writes as it is made, and may fail in that.
    try (OutputStream file = new FileOutput(opener.open(part, HostFiles.Mode.CREATE));
        OutputStream out = packing(new BufferedOutputStream(file, 64 << 10), format)) {
      while (source.read(piece.clear())) {
        out.write(piece.array(), 0, piece.position());
        clock.at(source.done());
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("interrupted");
        }
      }
    }
  }

  /** What takes the bytes of a disk; the file itself is the caller's. */
  private static OutputStream packing(OutputStream file, SourceFormat format) throws IOException {
    return switch (format) {
      case GZ -> new GZIPOutputStream(file, 64 << 10);
      case XZ -> new XZOutputStream(file, new LZMA2Options());
      case ZST -> new ZstdOutputStream(file);
      default -> throw new IllegalArgumentException("not packed: " + format);
    };
  }
}
