// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The golden versions on disk: {@code images/<name>/<version>.raw} with {@code <version>.info}
 * beside it.
 *
 * <p>A version comes into being when its description gets its name. By then its bytes are durable
 * under the name {@code .<version>.importing}; if the process ends before they get their own, the
 * next start does that. Everything else that begins with a dot is what an interruption left.
 *
 * <p>A version whose bytes are lost keeps its number, so that an overlay made on it never meets
 * another version's bytes.
 */
final class GoldenFiles {
  private static final Logger LOG = LoggerFactory.getLogger(GoldenFiles.class);
  private static final Pattern DESCRIPTION = Pattern.compile("([1-9][0-9]{0,5})\\.info");

  private final Path folder;
  private final HostFiles.Opener opener;
  private final Map<String, NavigableMap<Integer, GoldenVersion>> images = new TreeMap<>();
  private final Map<String, Integer> lastNumber = new HashMap<>();

  GoldenFiles(Path folder, HostFiles.Opener opener) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.opener = opener;
    try (DirectoryStream<Path> images = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path image : images) {
        if (ImageStore.isName(image.getFileName().toString())) {
          load(image);
        }
      }
    }
  }

  private void load(Path image) throws IOException {
    String name = image.getFileName().toString();
    boolean moved = false;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(image)) {
      for (Path file : files) {
        Matcher description = DESCRIPTION.matcher(file.getFileName().toString());
        if (description.matches()) {
          moved |= loadVersion(image, name, Integer.parseInt(description.group(1)));
        }
      }
    }
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(image, ".*")) {
      for (Path leftover : leftovers) {
        Files.delete(leftover);
        moved = true;
      }
    }
    if (moved) {
      HostFiles.syncFolder(image);
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(image)) {
      if (!files.iterator().hasNext()) {
        Files.delete(image); // an image whose first import was interrupted
      }
    }
  }

  private boolean loadVersion(Path image, String name, int number) throws IOException {
    boolean moved = false;
    taken(name, number);
    Path raw = raw(name, number);
    Path importing = importing(image, number);
    if (!Files.exists(raw) && Files.exists(importing)) {
      Files.move(importing, raw, StandardCopyOption.ATOMIC_MOVE);
      moved = true;
    }
    if (!Files.exists(raw)) {
      LOG.error("{}@{} is lost: {} is missing; restore it from a backup", name, number, raw);
      return moved;
    }
    try {
      add(Sidecar.read(info(image, number), name, number));
    } catch (IOException damaged) {
      LOG.error("{}@{} cannot be used: {}", name, number, damaged.getMessage());
    }
    return moved;
  }

  private synchronized void taken(String name, int number) {
    lastNumber.merge(name, number, Math::max);
  }

  private synchronized void add(GoldenVersion version) {
    images.computeIfAbsent(version.name(), first -> new TreeMap<>()).put(version.number(), version);
    lastNumber.merge(version.name(), version.number(), Math::max);
  }

  synchronized List<GoldenVersion> versions() {
    return images.values().stream().flatMap(image -> image.values().stream()).toList();
  }

  synchronized Optional<GoldenVersion> find(String name, int number) {
    return Optional.ofNullable(images.get(name)).map(image -> image.get(number));
  }

  synchronized Optional<GoldenVersion> newest(String name) {
    return Optional.ofNullable(images.get(name)).map(image -> image.lastEntry().getValue());
  }

  Path raw(String name, int number) {
    return folder.resolve(name).resolve(number + ".raw");
  }

  private static Path info(Path image, int number) {
    return image.resolve(number + ".info");
  }

  private static Path importing(Path image, int number) {
    return image.resolve("." + number + ".importing");
  }

  /** One import at a time: they compete for the same disk anyway. */
  private final Object importing = new Object();

  GoldenVersion importRaw(Path source, String name, Progress progress)
      throws StoreException, IOException {
    synchronized (importing) {
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
      Path description = image.resolve("." + number + ".describing");
      boolean finished = false;
      try {
        RawImport copy = RawImport.open(source, opener);
        try (copy) {
          Files.createDirectories(image);
          if (first) {
            HostFiles.syncFolder(folder);
          }
          String sha256 = copy.to(bytes, progress);
          GoldenVersion version =
              new GoldenVersion(name, number, copy.size(), sha256, RawImport.now());
          RawImport.describe(description, opener, version);
          Files.move(description, info(image, number), StandardCopyOption.ATOMIC_MOVE);
          finished = true; // from here on the next start would go on, so nothing is taken back
          taken(name, number);
          Files.move(bytes, raw(name, number), StandardCopyOption.ATOMIC_MOVE);
          HostFiles.syncFolder(image);
          add(version);
          return version;
        }
      } finally {
        if (!finished) {
          Files.deleteIfExists(bytes);
          Files.deleteIfExists(description);
          if (first) {
            Files.deleteIfExists(image);
          }
        }
      }
    }
  }
}
