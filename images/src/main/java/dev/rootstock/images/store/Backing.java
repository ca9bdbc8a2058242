// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.golden.ImageFormatException;
import dev.rootstock.images.golden.Qcow2Image;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an overlay or a snapshot stands on, for the question whether a version may go. A file that
 * is damaged elsewhere still counts by the name in it: it may be mended yet. One whose name cannot
 * be read may stand on anything.
 *
 * @param name the name in the header; null when it cannot be read
 * @param damage what is wrong with the header; null when nothing is
 */
record Backing(@Nullable String name, @Nullable String damage) {
  private static final int MAGIC = 0x514649fb; // "QFI" and 0xfb
  private static final int FIELDS_BYTES = 20;

  /** Nothing: the file is gone, or is what a power loss left of one that was never written. */
  private static final Backing NONE = new Backing("", null);

  static Backing of(Path file, HostFiles.Opener opener) throws IOException {
    try {
      String name = Qcow2Image.header(file, opener).backingName();
      return name == null ? NONE : new Backing(name, null);
    } catch (NoSuchFileException gone) {
      return NONE;
    } catch (ImageFormatException | EOFException damaged) {
      return damaged(file, opener, String.valueOf(damaged.getMessage()));
    }
  }

  private static Backing damaged(Path path, HostFiles.Opener opener, String damage)
      throws IOException {
    try (HostFile file = opener.open(path, HostFiles.Mode.READ)) {
      int bytes = (int) Math.min(file.size(), Limits.MAX_HEADER_BYTES);
      ByteBuffer header = ByteBuffer.allocateDirect(bytes);
      file.read(0, header);
      if (SparseCopy.isZero(header.flip())) {
        return NONE;
      }
      return new Backing(name(header), damage);
    } catch (NoSuchFileException gone) {
      return NONE;
    }
  }

  /** The name at the place that the first fields give, if that much is whole. */
  private static @Nullable String name(ByteBuffer header) {
    if (header.limit() < FIELDS_BYTES || header.getInt(0) != MAGIC) {
      return null;
    }
    long at = header.getLong(8);
    int length = header.getInt(16);
    if (length <= 0
        || length > Limits.MAX_BACKING_NAME_BYTES
        || at < FIELDS_BYTES
        || at > header.limit() - length) {
      return null;
    }
    byte[] name = new byte[length];
    header.get((int) at, name);
    return new String(name, StandardCharsets.UTF_8);
  }

  /**
   * Whether this is, or may be, a use of a version.
   *
   * @param who the file's owner, as people name it
   * @return the owner, and what is wrong where something is
   */
  Optional<String> useOf(GoldenVersion version, String who) {
    if (name != null && !name.equals(BackingNames.of(version))) {
      return Optional.empty();
    }
    if (damage == null) {
      return Optional.of(who);
    }
    return Optional.of(
        name != null
            ? "%s (whose file is damaged: %s)".formatted(who, damage)
            : "perhaps %s (whose file is damaged, so nobody knows: %s; restore or remove it)"
                .formatted(who, damage));
  }
}
