// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The modules of one kernel package, of which an initramfs takes the few that it needs. */
final class KernelModules {
  /** What the initramfs loads, in this order; what these need, modules.dep says. */
  private static final List<String> LOADED =
      List.of(
          "virtio_pci", "virtio_net", "virtio_blk", "iscsi_tcp", "iscsi_ibft", "sd_mod", "ext4");

  /** Asked for by alias when ext4 and iscsi_tcp start, so modules.dep does not name them. */
  private static final List<String> ASKED_BY_ALIAS = List.of("crc32c_generic", "crc32c-intel");

  /** depmod looks below lib or usr/lib, as its distribution has it; this folder serves both. */
  private final Path base;

  private final String release;

  private KernelModules(Path base, String release) {
    this.base = base;
    this.release = release;
  }

  /** The modules in a tree of unpacked packages, which must hold those of one kernel. */
  static KernelModules in(Path tree) throws IOException, InterruptedException {
    Path merged = tree.resolve("usr/lib/modules");
    Path folder = Files.isDirectory(merged) ? merged : tree.resolve("lib/modules");
    List<Path> releases;
    try (var found = Files.list(folder)) {
      releases = found.toList();
    }
    if (releases.size() != 1) {
      throw new IOException("expected the modules of one kernel: " + releases);
    }
    String release = releases.getFirst().getFileName().toString();
    Path base = tree.resolve("modules");
    Files.createDirectories(base.resolve("lib/modules"));
    linkUsr(base);
    Files.move(releases.getFirst(), base.resolve("lib/modules").resolve(release));
    Tool.run("depmod", "-b", base.toString(), release);
    return new KernelModules(base, release);
  }

  String release() {
    return release;
  }

  /** Copies what the initramfs in {@code root} needs, and writes the list of what it loads. */
  void copyTo(Path root) throws IOException, InterruptedException {
    Path from = base.resolve("lib/modules").resolve(release);
    Path to = root.resolve("lib/modules").resolve(release);
    Files.createDirectories(to);
    linkUsr(root);
    for (String list : List.of("modules.builtin", "modules.order")) {
      Files.copy(from.resolve(list), to.resolve(list));
    }
    Map<String, List<String>> needs = readNeeds(from.resolve("modules.dep"));
    for (String path : closure(needs)) {
      copyPlain(from.resolve(path), to.resolve(path));
    }
    Tool.run("depmod", "-b", root.toString(), release);

    String builtIn = Files.readString(from.resolve("modules.builtin"));
    var loaded = new ArrayList<String>();
    for (String name : LOADED) {
      if (pathOf(name, needs).isPresent()) {
        loaded.add(name);
      } else if (!builtIn.contains("/" + name + ".ko")) {
        throw new IOException("the kernel " + release + " has no module " + name);
      }
    }
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(root.resolve("etc/modules"), String.join("\n", loaded) + "\n");
  }

  private static void linkUsr(Path root) throws IOException {
    Files.createDirectories(root.resolve("usr"));
    Files.createSymbolicLink(root.resolve("usr/lib"), Path.of("../lib"));
  }

  private static Set<String> closure(Map<String, List<String>> needs) {
    var wanted = new ArrayDeque<String>();
    LOADED.forEach(name -> pathOf(name, needs).ifPresent(wanted::add));
    ASKED_BY_ALIAS.forEach(name -> pathOf(name, needs).ifPresent(wanted::add));
    var closure = new LinkedHashSet<String>();
    while (!wanted.isEmpty()) {
      String path = wanted.remove();
      if (closure.add(path)) {
        wanted.addAll(needs.getOrDefault(path, List.of()));
      }
    }
    return closure;
  }

  private static Optional<String> pathOf(String name, Map<String, List<String>> needs) {
    return needs.keySet().stream().filter(path -> path.contains("/" + name + ".ko")).findFirst();
  }

  /** Lines of modules.dep: {@code path: path path}. */
  private static Map<String, List<String>> readNeeds(Path file) throws IOException {
    var needs = new LinkedHashMap<String, List<String>>();
    for (String line : Files.readAllLines(file)) {
      int colon = line.indexOf(':');
      String others = line.substring(colon + 1).strip();
      needs.put(
          line.substring(0, colon), others.isEmpty() ? List.of() : List.of(others.split(" ", -1)));
    }
    return needs;
  }

  /** Without compression: busybox loads modules and cannot unpack every kind. */
  private static void copyPlain(Path from, Path to) throws IOException, InterruptedException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to);
    String file = to.toString();
    if (file.endsWith(".xz")) {
      Tool.run("xz", "--decompress", file);
    } else if (file.endsWith(".zst")) {
      Tool.run("zstd", "--decompress", "--rm", "--quiet", file);
    }
  }
}
