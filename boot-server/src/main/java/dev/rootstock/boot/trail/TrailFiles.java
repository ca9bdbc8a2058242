// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The boots on the disk: one file for each client, so that a boot costs the writing of its own
 * client's. Written by rename and without waiting for the disk; a file that holds nonsense is begun
 * anew. May wait.
 */
final class TrailFiles {
  private static final Logger log = LoggerFactory.getLogger(TrailFiles.class);
  private static final String SUFFIX = ".json";

  private final Path folder;

  TrailFiles(Path folder) {
    this.folder = folder;
  }

  /** The clients that have a file. */
  List<String> clients() {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        names.add(name.substring(0, name.length() - SUFFIX.length()));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      log.warn("{} cannot be read, 'status' begins anew: {}", folder, e.toString());
    }
    return names;
  }

  /** A client's boots, the oldest first. */
  List<Trail> read(String client) {
    try {
      return kept(client);
    } catch (IOException e) {
      log.warn("{} cannot be read: {}", folder.resolve(client + SUFFIX), e.toString());
      return List.of();
    }
  }

  /**
   * The same.
   *
   * @throws IOException where the file may hold boots and cannot be read now; one that holds
   *     nonsense is begun anew
   */
  private List<Trail> kept(String client) throws IOException {
    Path file = folder.resolve(client + SUFFIX);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Limits.FILE + 1);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    try {
      if (bytes.length > Limits.FILE) {
        throw new IOException("it is too long");
      }
      return TrailCodec.parse(bytes);
    } catch (IOException e) {
      log.warn("{} cannot be read, 'status' begins anew: {}", file, e.getMessage());
      return List.of();
    }
  }

  /** Takes boots up into a client's file: those that began when one there did stand in for it. */
  void merge(String client, List<Trail> newer) throws IOException {
    Files.createDirectories(folder);
    Path partial = folder.resolve(client + SUFFIX + ".new");
    Files.write(partial, TrailCodec.bytes(merged(kept(client), newer)));
    Files.move(
        partial,
        folder.resolve(client + SUFFIX),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  void delete(String client) throws IOException {
    Files.deleteIfExists(folder.resolve(client + SUFFIX));
  }

  /** Both, oldest first, as many as are kept. */
  static List<Trail> merged(List<Trail> older, List<Trail> newer) {
    Map<Instant, Trail> all = new TreeMap<>();
    older.forEach(trail -> all.put(trail.began(), trail));
    newer.forEach(trail -> all.put(trail.began(), trail));
    return kept(List.copyOf(all.values()));
  }

  /** As many as are kept of boots, the oldest first. */
  static List<Trail> kept(List<Trail> boots) {
    List<Trail> attempts = boots.stream().filter(trail -> !trail.loggedIn()).toList();
    List<Trail> dropped = attempts.subList(0, Math.max(0, attempts.size() - Limits.ATTEMPTS));
    List<Trail> kept = boots.stream().filter(trail -> !dropped.contains(trail)).toList();
    return kept.subList(Math.max(0, kept.size() - Limits.BOOTS), kept.size());
  }
}
