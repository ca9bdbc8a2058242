// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.MappedFile;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One qcow2 file as QEMU 7.2 or we write it, read only, over the layer below it. It shows the
 * active state and never follows a name in the file: whoever opens it brings the layer below.
 */
public final class Qcow2Image implements GoldenImage {
  private static final ThreadLocal<byte[]> CLUSTER = ThreadLocal.withInitial(() -> new byte[0]);

  private final HostFile file;

  /** The same file once more, for what is sent from where it lies; null for one in memory. */
  private final @Nullable MappedFile mapped;

  private final Qcow2Header header;
  private final Qcow2Map map;
  private final @Nullable GoldenImage below;

  private Qcow2Image(
      HostFile file,
      @Nullable MappedFile mapped,
      Qcow2Header header,
      Qcow2Map map,
      @Nullable GoldenImage below) {
    this.file = file;
    this.mapped = mapped;
    this.header = header;
    this.map = map;
    this.below = below;
  }

  /** Reads a file's header, and nothing else of it. */
  public static Qcow2Header header(Path path, HostFiles.Opener opener) throws IOException {
    try (HostFile file = opener.open(path, HostFiles.Mode.READ)) {
      return Qcow2HeaderReader.read(file);
    }
  }

  /**
   * Opens a file.
   *
   * @param below what shows where the file has nothing, null for zeros; it stays the caller's
   * @throws ImageFormatException when header or L1 table are damaged, naming the offset
   */
  public static Qcow2Image open(
      Path path, HostFiles.Opener opener, MapCache cache, @Nullable GoldenImage below)
      throws IOException {
    HostFile file = opener.open(path, HostFiles.Mode.READ);
    MappedFile mapped = null;
    try {
      mapped = MappedFile.open(path, file.size());
      Qcow2Header header = Qcow2HeaderReader.read(file);
      return new Qcow2Image(file, mapped, header, new Qcow2Map(file, header, cache), below);
    } catch (IOException | RuntimeException failure) {
      file.close();
      if (mapped != null) {
        mapped.close();
      }
      throw failure;
    }
  }

  /** Shows a file that has no name. */
  static Qcow2Image over(HostFile file, MapCache cache, @Nullable GoldenImage below)
      throws IOException {
    Qcow2Header header = Qcow2HeaderReader.read(file);
    return new Qcow2Image(file, null, header, new Qcow2Map(file, header, cache), below);
  }

  /**
   * Goes through every table, and refuses a file in which two things claim one place, or one leads
   * out of it. Reading alone would show such a file as it is.
   */
  public void checkTables() throws IOException {
    Qcow2Tables.verify(header, map);
  }

  @Override
  public long size() {
    return header.sizeBytes();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    int start = into.position();
    int limit = into.limit();
    long at = offset;
    boolean read = true;
    while (read && into.position() < limit) {
      int before = into.position();
      read = tryReadRun(at, into);
      into.limit(limit);
      at += into.position() - before;
    }
    if (!read) {
      into.position(start);
    }
    return read;
  }

  /** Reads a first part of the range; leaves the buffer's limit at the end of that part. */
  private boolean tryReadRun(long at, ByteBuffer into) {
    if (at >= size()) {
      return zeroed(into);
    }
    Mapping mapping = map.lookup(at, Math.min(into.remaining(), size() - at));
    if (mapping == null) {
      return false;
    }
    into.limit(into.position() + (int) mapping.length());
    return switch (mapping) {
      case Mapping.Zero zero -> zeroed(into);
      case Mapping.Data data -> file.tryRead(data.fileOffset(), into);
      case Mapping.Compressed compressed -> false;
      case Mapping.Backing backing -> below == null ? zeroed(into) : below.tryRead(at, into);
    };
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    if (mapped == null || offset > size() - length) {
      return null;
    }
    Mapping mapping = map.lookup(offset, length);
    if (mapping == null || mapping.length() < length) {
      return null;
    }
    return switch (mapping) {
      case Mapping.Data data -> mapped.tryLend(data.fileOffset(), length);
      case Mapping.Backing backing -> below == null ? null : below.tryLend(offset, length);
      case Mapping.Zero _, Mapping.Compressed _ -> null;
    };
  }

  private static boolean zeroed(ByteBuffer into) {
    RawImage.zero(into);
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    int limit = into.limit();
    long at = offset;
    while (into.position() < limit) {
      if (at >= size()) {
        RawImage.zero(into);
        return;
      }
      int start = into.position();
      Mapping mapping = map.lookupOrLoad(at, Math.min(limit - start, size() - at));
      into.limit(start + (int) mapping.length());
      try {
        switch (mapping) {
          case Mapping.Zero zero -> RawImage.zero(into);
          case Mapping.Data data -> readData(data.fileOffset(), into);
          case Mapping.Compressed compressed -> unpack(compressed, into);
          case Mapping.Backing backing -> {
            if (below == null) {
              RawImage.zero(into);
            } else {
              below.read(at, into);
            }
          }
        }
      } finally {
        into.limit(limit);
      }
      at += mapping.length();
    }
  }

  /** QEMU may leave the file's last cluster short; what it lacks are zeros. */
  private void readData(long fileOffset, ByteBuffer into) throws IOException {
    int limit = into.limit();
    int inside = Math.clamp(map.fileSize() - fileOffset, 0, into.remaining());
    into.limit(into.position() + inside);
    try {
      file.read(fileOffset, into);
    } finally {
      into.limit(limit);
    }
    RawImage.zero(into);
  }

  private void unpack(Mapping.Compressed compressed, ByteBuffer into) throws IOException {
    long at = compressed.fileOffset();
    int count = (int) Math.min(compressed.packedBytes(), map.fileSize() - at);
    byte[] packed = new byte[count];
    file.read(at, ByteBuffer.wrap(packed));
    byte[] cluster = CLUSTER.get();
    if (cluster.length != header.clusterBytes()) {
      cluster = new byte[header.clusterBytes()];
      CLUSTER.set(cluster);
    }
    int unpacked;
    try {
      unpacked = header.compression().unpack(packed, cluster);
    } catch (IOException bad) {
      throw new ImageFormatException(
          "offset %d: a compressed cluster: %s".formatted(at, bad.getMessage()));
    }
    if (unpacked != cluster.length) {
      throw new ImageFormatException(
          "offset %d: a compressed cluster of %d bytes, not %d"
              .formatted(at, unpacked, cluster.length));
    }
    into.put(cluster, compressed.inside(), (int) compressed.length());
  }

  @Override
  public void extents(long offset, long length, List<Extent> to) {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      if (at >= size()) {
        to.add(new Extent.Zero(at, end - at));
        return;
      }
      long most = Math.min(end, size()) - at;
      Mapping mapping = map.lookup(at, most);
      switch (mapping) {
        // A table that is not in memory: nobody is told a place, and everybody reads.
        case null -> mapping = new Mapping.Backing(addUnknown(at, most, to));
        case Mapping.Zero zero -> to.add(new Extent.Zero(at, zero.length()));
        case Mapping.Data data -> addData(at, data, to);
        case Mapping.Compressed packed -> to.add(new Extent.Mutable(at, packed.length()));
        case Mapping.Backing backing -> {
          if (below == null) {
            to.add(new Extent.Zero(at, backing.length()));
          } else {
            below.extents(at, backing.length(), to);
          }
        }
      }
      at += mapping.length();
    }
  }

  private long addUnknown(long at, long most, List<Extent> to) {
    long unit = 1L << header.clusterBits();
    long length = Math.min(most, unit - (at & (unit - 1)));
    to.add(new Extent.Mutable(at, length));
    return length;
  }

  private void addData(long at, Mapping.Data data, List<Extent> to) {
    if (mapped != null && data.fileOffset() + data.length() <= map.fileSize()) {
      to.add(new Extent.Immutable(at, data.length(), mapped.channel(), data.fileOffset()));
    } else {
      to.add(new Extent.Mutable(at, data.length()));
    }
  }

  /** Whether all of a range shows the layer below, so that nobody need compare them. */
  public boolean showsBelow(long offset, long length) throws IOException {
    long at = offset;
    while (at < offset + length) {
      if (!(map.lookupOrLoad(at, offset + length - at) instanceof Mapping.Backing run)) {
        return false;
      }
      at += run.length();
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    map.close();
    try (mapped) {
      file.close();
    }
  }
}
