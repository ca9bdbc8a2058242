// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.seed.SeedContent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.commons.cli.Option;

/** What {@code client add} and {@code client set} take about further disks. */
final class DiskOptions {
  private static final String NEW = "new:";
  private static final Pattern A_SIZE = Pattern.compile("[0-9]+[KMGT]");

  private DiskOptions() {}

  static List<Option> all() {
    return List.of(
        Command.list(
            "disk",
            "NAME@VERSION|new:SIZE",
            "a further disk: an image that it reads, or a blank one of its own"),
        Command.option(
            "seed",
            "DIR",
            "a seed disk for cloud-init: DIR's user-data, vendor-data, network-config"),
        Command.list("ssh-key", "FILE", "SSH public keys for the seed disk"));
  }

  /** What can be said of a client that is there. */
  static List<Option> changes() {
    return List.of(
        Command.list("drop-disk", "LUN", "takes a further disk away, and deletes one of its own"),
        Command.flag("no-seed", "takes the seed disk away"));
  }

  static void putChanges(Invocation invocation, ObjectNode arguments) throws UsageException {
    if (invocation.has("drop-disk")) {
      ArrayNode drops = arguments.putArray("dropDisks");
      invocation.values("drop-disk").forEach(drops::add);
    }
    if (invocation.has("no-seed")) {
      if (arguments.has("seed")) {
        throw new UsageException(
            "--no-seed takes the seed disk away: leave --seed and --ssh-key out");
      }
      arguments.put("noSeed", true);
    }
  }

  /** Puts what was said into an operation's arguments; what was not said adds nothing. */
  static void put(Invocation invocation, ObjectNode arguments) throws UsageException {
    if (invocation.has("disk")) {
      ArrayNode disks = arguments.putArray("disks");
      for (String disk : invocation.values("disk")) {
        if (A_SIZE.matcher(disk).matches()) { // no image's name: those have no capital letters
          throw new UsageException(
              "--disk %s: a blank disk is written new:%s".formatted(disk, disk));
        }
        disks.add(disk.startsWith(NEW) ? NEW + Size.parse(disk.substring(NEW.length())) : disk);
      }
    }
    if (invocation.has("seed") || invocation.has("ssh-key")) {
      ObjectNode seed = arguments.putObject("seed");
      String folder = invocation.value("seed");
      if (folder != null) {
        files(Path.of(folder), seed.putObject("files"));
      }
      ArrayNode keys = seed.putArray("keys");
      for (String file : invocation.values("ssh-key")) {
        new String(read(Path.of(file)), StandardCharsets.ISO_8859_1)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .forEach(keys::add);
      }
    }
  }

  private static void files(Path folder, ObjectNode files) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidClientException(
          "there is no folder %s: name the one that holds %s"
              .formatted(folder, String.join(", ", new TreeSet<>(SeedContent.FILES))));
    }
    for (String name : new TreeSet<>(SeedContent.FILES)) {
      if (Files.exists(folder.resolve(name))) {
        files.put(name, Base64.getEncoder().encodeToString(read(folder.resolve(name))));
      }
    }
    if (files.isEmpty()) {
      throw new InvalidClientException(
          "%s holds nothing for a seed disk: put user-data, vendor-data or network-config there"
              .formatted(folder));
    }
  }

  private static byte[] read(Path file) {
    try {
      if (Files.size(file) > Limits.SEED_BYTES) {
        throw new InvalidClientException(
            "%s is too long for a seed disk: at most %d bytes".formatted(file, Limits.SEED_BYTES));
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new InvalidClientException(
          "there is no file %s: name one that is there".formatted(file));
    } catch (IOException e) {
      throw new InvalidClientException("%s cannot be read: %s".formatted(file, e));
    }
  }
}
