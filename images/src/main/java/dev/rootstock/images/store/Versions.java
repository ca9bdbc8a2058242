// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.golden.ImageFormatException;
import dev.rootstock.images.store.GoldenFiles.Made;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How golden versions come, are checked, and go.
 *
 * <p>A version that was published stands on its parent as a delta. Beyond {@link Limits#MAX_DELTAS}
 * it is made whole in the background: a new file, compared with the version's checksum and renamed
 * over the old one. Who has the old one open reads on in it, for its content is the same.
 */
final class Versions implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Versions.class);
  private static final long CLOSE_SECONDS = 60;

  private final GoldenFiles files;
  private final GoldenShares shares;
  private final HostFiles.Opener opener;
  private final Trash trash;
  private final VersionSpace space;
  private final ThreadPoolExecutor flattener;
  private volatile boolean closed;

  Versions(
      GoldenFiles files,
      GoldenShares shares,
      HostFiles.Opener opener,
      Trash trash,
      VersionSpace space) {
    this.space = space;
    this.files = files;
    this.shares = shares;
    this.opener = opener;
    this.trash = trash;
    // One round at work and one in waiting: each looks at all versions.
    flattener =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(1),
            work -> {
              Thread thread = new Thread(work, "images-flatten");
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());
    flattener.allowCoreThreadTimeOut(true);
    flattenSoon();
  }

  GoldenVersion importImage(
      Path file, String name, @Nullable SourceFormat format, Progress progress)
      throws StoreException {
    try {
      return make(
          name,
          String.valueOf(file.getFileName()),
          (bytes, scratch, metered) -> {
            try (DiskSource source = DiskSources.open(file, format, scratch, opener, progress)) {
              SparseCopy.Result copied = SparseCopy.copy(source, bytes, metered, progress);
              DiskSources.checkSize(file, copied.size());
              return new Made(copied.size(), SourceFormat.RAW, copied.checksums());
            }
          });
    } catch (ImageFormatException wrong) {
      throw new StoreException(
          Kind.INVALID, "cannot import %s: %s".formatted(file, wrong.getMessage()), wrong);
    } catch (IOException failure) {
      throw Failures.of("cannot import " + file, failure);
    }
  }

  GoldenVersion blank(String name, long sizeBytes, Progress progress) throws StoreException {
    if (sizeBytes <= 0 || sizeBytes % 512 != 0 || sizeBytes > Limits.MAX_DISK_BYTES) {
      throw DiskSources.invalid(
          "a disk of %d bytes: it takes a multiple of 512 bytes, from 512 to 64T (%d)"
              .formatted(sizeBytes, Limits.MAX_DISK_BYTES));
    }
    try {
      return make(
          name,
          "a blank disk",
          (bytes, scratch, metered) -> {
            try (HostFile file = metered.open(bytes, HostFiles.Mode.CREATE)) {
              file.write(sizeBytes - 1, ByteBuffer.allocateDirect(1));
              file.sync();
            }
            return new Made(sizeBytes, SourceFormat.RAW, zeros(sizeBytes, progress));
          });
    } catch (IOException failure) {
      throw Failures.of("cannot make " + name, failure);
    }
  }

  /** As {@link GoldenFiles.Maker}, with an opener whose new files are counted. */
  private interface Recipe {
    Made make(Path bytes, Path scratch, HostFiles.Opener metered)
        throws StoreException, IOException;
  }

  private GoldenVersion make(String name, String origin, Recipe recipe)
      throws StoreException, IOException {
    try (VersionSpace.Making room = space.making()) {
      GoldenVersion made =
          files.add(name, origin, (bytes, scratch) -> recipe.make(bytes, scratch, room::open));
      room.became(made);
      return made;
    }
  }

  private static Checksums.Result zeros(long size, Progress progress) {
    Checksums checksums = new Checksums();
    ByteBuffer zeros = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    ProgressClock clock = new ProgressClock(progress, size);
    for (long at = 0; at < size; at += zeros.limit()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
      checksums.add(zeros.duplicate());
      clock.at(at + zeros.limit());
    }
    return checksums.end();
  }

  /**
   * Makes the content of a layer the next version.
   *
   * @param layer an image over {@code base}
   */
  GoldenVersion publish(
      String name, String origin, GoldenImage layer, GoldenVersion base, Progress progress)
      throws StoreException, IOException {
    GoldenVersion made;
    if (base.name().equals(name)) {
      GoldenImage below = shares.acquire(base);
      try {
        made =
            make(
                name,
                origin,
                (bytes, scratch, metered) ->
                    new Made(
                        layer.size(),
                        SourceFormat.QCOW2,
                        LayerCopy.copy(
                            layer, below, base.file(), bytes, metered, this::stopped, progress)));
      } finally {
        shares.release(base);
      }
      flattenSoon();
    } else {
      // No version of one image stands on another image: each can be removed by itself.
      made =
          make(
              name,
              origin,
              (bytes, scratch, metered) -> {
                SparseCopy.Result copied =
                    SparseCopy.copy(new DiskSource.Image(layer), bytes, metered, progress);
                return new Made(copied.size(), SourceFormat.RAW, copied.checksums());
              });
    }
    return made;
  }

  private boolean stopped() {
    return closed || Thread.currentThread().isInterrupted();
  }

  void verify(GoldenVersion version, Progress progress) throws StoreException {
    try {
      GoldenImage image = shares.acquire(version);
      try {
        Verification.run(version, image, files.sums(version), progress);
      } finally {
        shares.release(version);
      }
    } catch (IOException failure) {
      throw Failures.of("cannot verify " + version, failure);
    }
  }

  void export(GoldenVersion version, Path file, SourceFormat format, Progress progress)
      throws StoreException {
    try {
      GoldenImage image = shares.acquire(version);
      try {
        new Export(image, files.file(version), opener).to(file, format, progress);
      } finally {
        shares.release(version);
      }
    } catch (IOException failure) {
      throw Failures.of("cannot export " + version, failure);
    }
  }

  /** Versions whose file stands on this one's. */
  List<GoldenVersion> children(GoldenVersion version) throws StoreException, IOException {
    List<GoldenVersion> children = new ArrayList<>();
    for (GoldenVersion other : files.versions()) {
      if (other.name().equals(version.name())
          && shares.parent(other).filter(version::equals).isPresent()) {
        children.add(other);
      }
    }
    return children;
  }

  /** Takes a version away that nothing in the store stands on. */
  void remove(GoldenVersion version) throws StoreException, IOException {
    if (shares.isOpen(version)) {
      throw new StoreException(Kind.IN_USE, version + " is being read");
    }
    if (files.remove(version, trash)) {
      space.drop(version); // else they count as long as they are there
    }
  }

  // ---- flattening

  /** Has versions made whole that stand on too many deltas. */
  void flattenSoon() {
    flattener.execute(this::flattenAll);
  }

  private void flattenAll() {
    for (GoldenVersion version : files.versions()) {
      try {
        if (!closed && shares.depth(version) > Limits.MAX_DELTAS) {
          flatten(version);
        }
      } catch (StoreException | IOException failed) {
        if (!closed) {
          LOG.warn("{} could not be made whole: {}", version, failed.getMessage());
        }
      }
    }
  }

  /** Replaces a delta by a whole file of the same content. */
  void flatten(GoldenVersion version) throws StoreException, IOException {
    Path file = files.file(version);
    Path fresh = file.resolveSibling("." + version.number() + ".flattening");
    GoldenImage image = shares.acquire(version);
    try (VersionSpace.Making room = space.making()) {
      opener.delete(fresh); // of a time when it could not be deleted
      Checksums.Result found =
          LayerCopy.copy(image, null, null, fresh, room::open, () -> closed, Progress.NONE);
      if (!found.sha256().equals(version.sha256())) {
        throw Verification.corrupt(version, "its checksum is " + found.sha256());
      }
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("r--r--r--"));
      trash.keep(file);
      opener.move(fresh, file);
      room.became(version); // durable or not: both files show the same
      LOG.info("{} is whole: it stands on no other version any more", version);
    } finally {
      shares.release(version);
      trash.deleteQuietly(fresh);
      trash.empty();
    }
  }

  @Override
  public void close() {
    closed = true;
    flattener.shutdown();
    try {
      if (!flattener.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("an image is still being made whole");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
