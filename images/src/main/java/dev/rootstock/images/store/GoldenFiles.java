// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The golden versions on disk: {@code images/<name>/<version>.raw} or {@code .qcow2}, with {@code
 * <version>.info} and the checksums of its pieces, {@code <version>.sums}, beside it.
 *
 * <p>A version comes into being when its description gets its name. By then its bytes are durable
 * under the name {@code .<version>.importing}; if the process ends before they get their own, the
 * next start does that. A version ends when its description becomes {@code <version>.removed}.
 * Everything else that begins with a dot is what an interruption left.
 *
 * <p>A version whose bytes are lost or that was removed keeps its number, so that an overlay made
 * on it never meets another version's bytes.
 *
 * <p>The file {@code default} holds the number of the version that new boots get, where that is not
 * the newest, and the highest number that had been given until then: the version after that is the
 * default again. So a new version with its default is one step, which happens or does not.
 */
final class GoldenFiles {
  private static final Logger LOG = LoggerFactory.getLogger(GoldenFiles.class);
  private static final Pattern DESCRIPTION = Pattern.compile("([1-9][0-9]{0,5})\\.(info|removed)");
  private static final String DEFAULT = "default";

  private final Path folder;
  private final HostFiles.Opener opener;
  private final Map<String, NavigableMap<Integer, GoldenVersion>> images = new TreeMap<>();
  private final Map<String, Integer> lastNumber = new HashMap<>();
  private final Map<String, Pin> defaults = new HashMap<>();

  /** A default that holds while {@code last} is the highest number. */
  private record Pin(int number, int last) {}

  /** One version is made at a time: they compete for the same disk anyway. */
  private final Object making = new Object();

  GoldenFiles(Path folder, HostFiles.Opener opener) throws IOException {
    this.folder = folder;
    this.opener = opener;
    opener.makeFolder(folder);
    try (DirectoryStream<Path> images = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path image : images) {
        if (ImageStore.isName(image.getFileName().toString())) {
          load(image);
        }
      }
    }
  }

  // ---- at the start

  private void load(Path image) throws IOException {
    String name = image.getFileName().toString();
    boolean moved = false;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(image)) {
      for (Path file : files) {
        Matcher description = DESCRIPTION.matcher(file.getFileName().toString());
        if (description.matches()) {
          int number = Integer.parseInt(description.group(1));
          taken(name, number);
          if (description.group(2).equals("info")) {
            moved |= loadVersion(image, name, number);
          } else {
            moved |= sweepRemoved(image, number);
          }
        }
      }
    }
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(image, ".*")) {
      for (Path leftover : leftovers) {
        opener.delete(leftover);
        moved = true;
      }
    }
    if (moved) {
      opener.syncFolder(image);
    }
    loadDefault(image, name);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(image)) {
      if (!files.iterator().hasNext()) {
        opener.delete(image); // an image whose first import was interrupted
      }
    }
  }

  private boolean loadVersion(Path image, String name, int number) throws IOException {
    GoldenVersion version;
    try {
      version = Sidecar.read(info(image, number), name, number);
    } catch (IOException damaged) {
      LOG.error("{}@{} cannot be used: {}", name, number, damaged.getMessage());
      return false;
    }
    boolean moved = false;
    Path bytes = file(version);
    Path importing = importing(image, number);
    if (!Files.exists(bytes) && Files.exists(importing)) {
      opener.move(importing, bytes);
      moved = true;
    }
    if (Files.exists(bytes)) {
      add(version);
    } else {
      LOG.error("{} is lost: {} is missing; restore it from a backup", version, bytes);
    }
    return moved;
  }

  /** A removal that was interrupted behind its first step left the version's bytes. */
  private boolean sweepRemoved(Path image, int number) throws IOException {
    boolean swept = opener.delete(sums(image, number));
    for (SourceFormat format : List.of(SourceFormat.RAW, SourceFormat.QCOW2)) {
      swept |= opener.delete(image.resolve(number + "." + format.text()));
    }
    return swept;
  }

  private void loadDefault(Path image, String name) throws IOException {
    try {
      String[] text = Files.readString(image.resolve(DEFAULT)).strip().split(" ", 2);
      synchronized (this) {
        defaults.put(name, new Pin(Integer.parseInt(text[0]), Integer.parseInt(text[1])));
      }
    } catch (NoSuchFileException newest) {
      // The usual case.
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException damaged) {
      LOG.error("{} is damaged: the newest version is the default", image.resolve(DEFAULT));
    }
  }

  private synchronized void taken(String name, int number) {
    lastNumber.merge(name, number, Math::max);
  }

  private synchronized void add(GoldenVersion version) {
    images.computeIfAbsent(version.name(), first -> new TreeMap<>()).put(version.number(), version);
    taken(version.name(), version.number());
  }

  // ---- what there is

  synchronized List<GoldenVersion> versions() {
    return images.values().stream().flatMap(image -> image.values().stream()).toList();
  }

  synchronized Optional<GoldenVersion> find(String name, int number) {
    return Optional.ofNullable(images.get(name)).map(image -> image.get(number));
  }

  /** The version that was made the default, if it is still there; else the newest. */
  synchronized Optional<GoldenVersion> defaultVersion(String name) {
    return Optional.ofNullable(defaults.get(name))
        .filter(pin -> pin.last == lastNumber.getOrDefault(name, 0))
        .flatMap(pin -> find(name, pin.number))
        .or(() -> Optional.ofNullable(images.get(name)).map(all -> all.lastEntry().getValue()));
  }

  Path file(GoldenVersion version) {
    return folder.resolve(version.name()).resolve(version.file());
  }

  Path folder(GoldenVersion version) {
    return folder.resolve(version.name());
  }

  Path sums(GoldenVersion version) {
    return sums(folder(version), version.number());
  }

  private static Path info(Path image, int number) {
    return image.resolve(number + ".info");
  }

  private static Path sums(Path image, int number) {
    return image.resolve(number + ".sums");
  }

  private static Path importing(Path image, int number) {
    return image.resolve("." + number + ".importing");
  }

  private static Path describing(Path image, int number) {
    return image.resolve("." + number + ".describing");
  }

  // ---- what changes

  /** Makes the bytes of a new version. */
  interface Maker {
    /**
     * Writes the version's file and makes it durable.
     *
     * @param bytes the file, which does not exist
     * @param scratch another file beside it that may be used, and is removed afterwards
     */
    Made make(Path bytes, Path scratch) throws StoreException, IOException;
  }

  /** What was made. */
  record Made(long size, SourceFormat format, Checksums.Result checksums) {}

  /** Adds the next version of an image, which becomes the default. */
  GoldenVersion add(String name, String origin, Maker maker) throws StoreException, IOException {
    synchronized (making) {
      int number;
      synchronized (this) {
        number = lastNumber.getOrDefault(name, 0) + 1;
      }
      if (number > Limits.MAX_VERSION_NUMBER) {
        throw new StoreException(Kind.INVALID, "the image " + name + " has had too many versions");
      }
      Path image = folder.resolve(name);
      boolean first = !Files.exists(image);
      Path bytes = importing(image, number);
      Path scratch = image.resolve("." + number + ".scratch");
      Path description = describing(image, number);
      boolean finished = false;
      try {
        opener.makeFolder(image);
        if (first) {
          opener.syncFolder(folder);
        }
        Made made = maker.make(bytes, scratch);
        Files.setPosixFilePermissions(bytes, PosixFilePermissions.fromString("r--r--r--"));
        byte[] pieces = made.checksums().pieces();
        write(sums(image, number), pieces);
        GoldenVersion version =
            new GoldenVersion(
                name,
                number,
                made.size(),
                made.checksums().sha256(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                made.format(),
                origin,
                Checksums.hex(pieces));
        write(description, Sidecar.encode(version));
        // A start that finds the description goes on from there, so what it goes on with is named
        // durably before: else power loss could leave a version without its bytes or checksums.
        opener.syncFolder(image);
        opener.move(description, info(image, number));
        opener.move(bytes, file(version));
        opener.syncFolder(image);
        add(version);
        finished = true;
        return version;
      } finally {
        deleteQuietly(scratch);
        if (!finished) {
          takeBack(image, number, first);
        }
      }
    }
  }

  /**
   * Nobody has seen the version. Its description goes first: without one the rest is swept at the
   * next start, or overwritten by the next version, which gets the same number.
   */
  private void takeBack(Path image, int number, boolean first) {
    deleteQuietly(info(image, number));
    for (SourceFormat format : List.of(SourceFormat.RAW, SourceFormat.QCOW2)) {
      deleteQuietly(image.resolve(number + "." + format.text()));
    }
    deleteQuietly(importing(image, number));
    deleteQuietly(describing(image, number));
    deleteQuietly(sums(image, number));
    if (first) {
      deleteQuietly(image);
    }
  }

  private void deleteQuietly(Path file) {
    try {
      opener.delete(file);
    } catch (IOException failed) {
      LOG.warn("cannot delete {}: {}", file, failed.toString());
    }
  }

  private void write(Path file, byte[] content) throws IOException {
    opener.delete(file);
    try (HostFile out = opener.open(file, HostFiles.Mode.CREATE)) {
      out.write(0, ByteBuffer.wrap(content));
      out.sync();
    }
  }

  /** New boots get this version from now on. */
  void setDefault(GoldenVersion version) throws IOException {
    Path image = folder.resolve(version.name());
    Path file = image.resolve(DEFAULT);
    Path fresh = image.resolve(".default.new");
    synchronized (this) {
      boolean newest =
          images.getOrDefault(version.name(), new TreeMap<>()).lastKey() == version.number();
      Pin pin =
          newest ? null : new Pin(version.number(), lastNumber.getOrDefault(version.name(), 0));
      Pin before = defaults.get(version.name());
      try {
        put(file, fresh, pin);
        opener.syncFolder(image);
        defaults.remove(version.name());
        if (pin != null) {
          defaults.put(version.name(), pin);
        }
      } catch (IOException failure) {
        deleteQuietly(fresh);
        try {
          put(file, fresh, before); // its name may have come over the old one
        } catch (IOException later) {
          LOG.warn("{} says {} after all: {}", file, version.number(), later.toString());
        }
        throw failure;
      }
    }
  }

  private void put(Path file, Path fresh, @Nullable Pin pin) throws IOException {
    if (pin == null) {
      opener.delete(file);
      return;
    }
    write(fresh, "%d %d\n".formatted(pin.number, pin.last).getBytes(StandardCharsets.US_ASCII));
    opener.move(fresh, file);
  }

  /**
   * Takes a version away; whoever has its file open reads on.
   *
   * @return whether its bytes are on their way out too; else they go at the next start
   */
  boolean remove(GoldenVersion version, Trash trash) throws IOException {
    Path image = folder.resolve(version.name());
    synchronized (this) {
      Path removed = image.resolve(version.number() + ".removed");
      opener.move(info(image, version.number()), removed);
      try {
        opener.syncFolder(image);
      } catch (IOException failure) {
        opener.move(removed, info(image, version.number()));
        throw failure;
      }
      NavigableMap<Integer, GoldenVersion> all = images.get(version.name());
      if (all != null) {
        all.remove(version.number());
        if (all.isEmpty()) {
          images.remove(version.name());
        }
      }
      deleteQuietly(sums(version));
    }
    return trash.dispose(file(version));
  }
}
