// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Packages of the distribution that are fetched and unpacked, never installed: a guest's kernel has
 * no place on the host. Apt fetches them, so that the host's own sources, proxies and keys hold.
 */
final class DebianPackages {
  /** In a dependency such as {@code libc6 (>= 2.34) | libc6.1}: the first alternative's name. */
  private static final Pattern FIRST_NAME = Pattern.compile("[a-z0-9][a-z0-9+.-]*");

  private final Path cache;

  /**
   * @param cache the folder that keeps the fetched {@code .deb} files; made when it is missing
   */
  DebianPackages(Path cache) {
    this.cache = cache;
  }

  /** The user's own cache: {@code $XDG_CACHE_HOME/rootstock/packages}, by default in ~/.cache. */
  static DebianPackages inUserCache() {
    String configured = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        configured.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    return new DebianPackages(base.resolve("rootstock").resolve("packages"));
  }

  Path cache() {
    return cache;
  }

  /** One package as apt knows it. */
  record Deb(String name, String version, String architecture, List<String> depends) {
    /** The name that apt gives the file. */
    String fileName() {
      return "%s_%s_%s.deb".formatted(name, version.replace(":", "%3a"), architecture);
    }
  }

  /**
   * Fetches packages and what they depend on, as far as {@code follow} says, and unpacks them all
   * into one tree.
   *
   * @param follow tells which dependencies to take; where there are alternatives, only the first is
   *     looked at
   * @return the packages, by name
   */
  Map<String, Deb> unpack(Set<String> names, Predicate<String> follow, Path into)
      throws IOException, InterruptedException {
    Map<String, Deb> packages = closure(names, follow);
    Files.createDirectories(into);
    for (Path deb : fetch(packages.values().stream().toList())) {
      Tool.run("dpkg-deb", "-x", deb.toString(), into.toString());
    }
    return packages;
  }

  /** Whether apt has a version of this package to offer. */
  boolean isAvailable(String name) throws IOException, InterruptedException {
    return Tool.run("apt-cache", "policy", name)
        .lines()
        .anyMatch(line -> line.startsWith("  Candidate: ") && !line.endsWith("(none)"));
  }

  private Map<String, Deb> closure(Set<String> names, Predicate<String> follow)
      throws IOException, InterruptedException {
    var found = new LinkedHashMap<String, Deb>();
    var wanted = new TreeSet<>(names);
    while (!wanted.isEmpty()) {
      List<Deb> level = describe(List.copyOf(wanted));
      level.forEach(p -> found.put(p.name(), p));
      var next = new TreeSet<String>();
      level.forEach(p -> p.depends().stream().filter(follow).forEach(next::add));
      next.removeAll(found.keySet());
      wanted = next;
    }
    return found;
  }

  private static List<Deb> describe(List<String> names) throws IOException, InterruptedException {
    var command = new ArrayDeque<>(names);
    command.addFirst("--no-all-versions");
    command.addFirst("show");
    command.addFirst("apt-cache");
    String printed = Tool.run(Path.of("."), Map.of(), List.copyOf(command));
    var packages = new ArrayList<Deb>();
    for (String paragraph : printed.split("\n\n", -1)) {
      Deb described = parse(paragraph);
      if (described != null) {
        packages.add(described);
      }
    }
    return packages;
  }

  private static @Nullable Deb parse(String paragraph) {
    var fields = new LinkedHashMap<String, String>();
    for (String line : paragraph.lines().toList()) {
      int colon = line.indexOf(": ");
      if (colon > 0 && line.charAt(0) != ' ') {
        fields.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    String name = fields.get("Package");
    String version = fields.get("Version");
    String architecture = fields.get("Architecture");
    if (name == null || version == null || architecture == null) {
      return null;
    }
    String both = fields.getOrDefault("Pre-Depends", "") + "," + fields.getOrDefault("Depends", "");
    var depends = new ArrayList<String>();
    for (String clause : both.split(",", -1)) {
      Matcher first = FIRST_NAME.matcher(clause);
      if (first.find()) {
        depends.add(first.group());
      }
    }
    return new Deb(name, version, architecture, depends);
  }

  private List<Path> fetch(List<Deb> packages) throws IOException, InterruptedException {
    Files.createDirectories(cache);
    List<String> missing =
        packages.stream()
            .filter(p -> !Files.exists(cache.resolve(p.fileName())))
            .map(p -> p.name() + "=" + p.version())
            .toList();
    if (!missing.isEmpty()) {
      download(missing);
    }
    return packages.stream().map(p -> cache.resolve(p.fileName())).toList();
  }

  /** Into a folder of its own first: the cache then never holds half a file. */
  private void download(List<String> packages) throws IOException, InterruptedException {
    Path partial = Files.createTempDirectory(cache, "partial-");
    try {
      // Without this apt warns that its own user cannot write here.
      var command =
          new ArrayList<>(List.of("apt-get", "-qq", "-o", "APT::Sandbox::User=", "download"));
      command.addAll(packages);
      Tool.run(partial, Map.of(), command);
      try (var files = Files.newDirectoryStream(partial)) {
        for (Path file : files) {
          Files.move(file, cache.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw new IOException(
          "could not fetch "
              + String.join(" ", packages)
              + " (try: apt-get update): "
              + e.getMessage(),
          e);
    } finally {
      FileTree.delete(partial);
    }
  }
}
