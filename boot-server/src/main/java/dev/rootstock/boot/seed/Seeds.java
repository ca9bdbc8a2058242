// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.seed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.images.file.HostFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is on clients' seed disks, {@code <data>/seeds/<client>.json}: beside the registry, because
 * that is written again with every boot. Only the server's user may read it; user-data hold
 * secrets.
 */
public final class Seeds {
  private static final JsonMapper JSON = new JsonMapper();

  private final Path folder;

  /** Those of a data directory; nothing is made before the first. */
  public Seeds(Path data) {
    folder = data.resolve("seeds");
  }

  /** What a client's seed disk holds; empty where nothing was ever said. */
  public Optional<SeedContent> find(ClientName client) throws IOException {
    byte[] bytes;
    try {
      Path file = file(client);
      if (Files.size(file) > Limits.SEED_FILE_BYTES) {
        throw new IOException(file + " is longer than any that we write: set the seed again");
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
    try {
      JsonNode node = JSON.readTree(bytes);
      Map<String, String> files = new HashMap<>();
      for (Map.Entry<String, JsonNode> file : node.path("files").properties()) {
        files.put(file.getKey(), file.getValue().asText());
      }
      List<String> keys = new ArrayList<>();
      node.path("keys").forEach(key -> keys.add(key.asText()));
      return Optional.of(new SeedContent(files, keys));
    } catch (IOException | IllegalArgumentException damaged) {
      throw new IOException(
          file(client) + " is damaged: set the seed again (" + damaged.getMessage() + ")", damaged);
    }
  }

  /** Keeps it, whole or not at all; it is durable when this returns. */
  public void put(ClientName client, SeedContent content) throws IOException {
    ObjectNode node = JSON.createObjectNode();
    ObjectNode files = node.putObject("files");
    content.files().forEach(files::put);
    content.keys().forEach(node.putArray("keys")::add);
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh = folder.resolve("." + client + ".new");
    Files.deleteIfExists(fresh);
    try (FileChannel out =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes =
          ByteBuffer.wrap(JSON.writeValueAsString(node).getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, file(client), StandardCopyOption.ATOMIC_MOVE);
    HostFiles.syncFolder(folder);
  }

  /** Forgets a client's. */
  public void remove(ClientName client) throws IOException {
    if (Files.deleteIfExists(file(client))) {
      HostFiles.syncFolder(folder);
    }
  }

  private Path file(ClientName client) {
    return folder.resolve(client + ".json");
  }
}
