// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Extent;
import dev.rootstock.images.block.Loan;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A qcow2 file that others made, with the files below it.
 *
 * <p>What its headers name is not trusted. A file below is opened only when it lies in the very
 * folder of the file that was given, links resolved, and when its format stands in the header: a
 * guest that writes a qcow2 header into its raw disk must not make us read a file of its choice.
 */
public final class ImageChain implements GoldenImage {
  private final List<GoldenImage> layers;
  private final Qcow2Image top;

  private ImageChain(List<GoldenImage> layers, Qcow2Image top) {
    this.layers = layers;
    this.top = top;
  }

  /**
   * Opens a chain and checks all its tables.
   *
   * @param file a qcow2 file
   * @throws ImageFormatException when one of its files is damaged, is not read by us, or names what
   *     it may not name; the message begins with the file's name
   */
  public static ImageChain open(Path file, HostFiles.Opener opener) throws IOException {
    List<Path> files = new ArrayList<>();
    List<GoldenImage> layers = new ArrayList<>();
    @Nullable Path raw = collect(file.toRealPath(), opener, files);
    MapCache cache = new MapCache(Limits.IMPORT_MAP_BYTES);
    boolean opened = false;
    try {
      GoldenImage below = null;
      if (raw != null) {
        below = RawImage.open(raw, opener);
        layers.add(below);
      }
      Qcow2Image top = null;
      for (Path next : files.reversed()) {
        top = checked(next, opener, cache, below);
        below = top;
        layers.add(top);
      }
      opened = true;
      return new ImageChain(layers, Objects.requireNonNull(top));
    } finally {
      if (!opened) {
        closeAll(layers);
      }
    }
  }

  private static Qcow2Image checked(
      Path file, HostFiles.Opener opener, MapCache cache, @Nullable GoldenImage below)
      throws IOException {
    Qcow2Image image = null;
    boolean whole = false;
    try {
      image = Qcow2Image.open(file, opener, cache, below);
      image.checkTables();
      whole = true;
      return image;
    } catch (ImageFormatException wrong) {
      throw in(file, wrong);
    } finally {
      if (!whole && image != null) {
        image.close();
      }
    }
  }

  /** Collects the chain's qcow2 files, top first; returns the raw file at its end, or null. */
  private static @Nullable Path collect(Path top, HostFiles.Opener opener, List<Path> files)
      throws IOException {
    Set<Object> seen = new HashSet<>();
    Path at = top;
    while (true) {
      if (!seen.add(identity(at))) {
        throw new ImageFormatException(at + " stands below itself: its backing files are a loop");
      }
      if (files.size() == Limits.MAX_CHAIN) {
        throw new ImageFormatException(
            "%s has more than %d files below it; flatten it with qemu-img convert"
                .formatted(top, Limits.MAX_CHAIN));
      }
      files.add(at);
      try {
        Qcow2Header header = Qcow2Image.header(at, opener);
        if (header.backingName() == null) {
          return null;
        }
        Path below = below(at, Objects.requireNonNull(top.getParent()), header.backingName());
        switch (header.backingFormat()) {
          case null ->
              throw new ImageFormatException(
                  "offset 8: it stands on \"%s\" without saying in which format: qemu-img rebase -u"
                          .formatted(below.getFileName())
                      + " -F FORMAT tells it");
          case "raw" -> {
            return below;
          }
          case "qcow2" -> at = below;
          default ->
              throw new ImageFormatException(
                  "offset 8: it stands on a file in the format %s; only raw and qcow2 are read there"
                      .formatted(header.backingFormat()));
        }
      } catch (ImageFormatException wrong) {
        throw in(at, wrong);
      }
    }
  }

  private static Object identity(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file : key;
  }

  private static Path below(Path file, Path folder, String name) throws IOException {
    Path found;
    try {
      // Where QEMU would see a protocol ("nbd:", "json:"), we see a name that no file has.
      found = folder.resolve(name).toRealPath();
    } catch (InvalidPathException | IOException missing) {
      throw new ImageFormatException(
          "offset 8: it stands on \"%s\", which is no file in %s".formatted(name, folder));
    }
    if (!folder.equals(found.getParent()) || !Files.isRegularFile(found)) {
      throw new ImageFormatException(
          "offset 8: it stands on \"%s\", outside the folder of what is imported; copy it beside %s"
                  .formatted(name, file.getFileName())
              + " and name it there with qemu-img rebase -u");
    }
    return found;
  }

  private static ImageFormatException in(Path file, ImageFormatException wrong) {
    return new ImageFormatException(file.getFileName() + ": " + wrong.getMessage());
  }

  @Override
  public long size() {
    return top.size();
  }

  @Override
  public boolean tryRead(long offset, ByteBuffer into) {
    return top.tryRead(offset, into);
  }

  @Override
  public void read(long offset, ByteBuffer into) throws IOException {
    top.read(offset, into);
  }

  @Override
  public @Nullable Loan tryLend(long offset, int length) {
    return top.tryLend(offset, length);
  }

  @Override
  public void extents(long offset, long length, List<Extent> to) {
    top.extents(offset, length, to);
  }

  @Override
  public void close() throws IOException {
    closeAll(layers);
  }

  private static void closeAll(List<GoldenImage> layers) throws IOException {
    IOException failure = null;
    for (GoldenImage layer : layers.reversed()) {
      try {
        layer.close();
      } catch (IOException failed) {
        failure = failed;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
