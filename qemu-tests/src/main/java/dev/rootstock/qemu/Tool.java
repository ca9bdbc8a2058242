// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs programs of the distribution. Users who are not root often have no {@code sbin} folder in
 * their PATH although they may run what is there, so the programs are looked up here.
 */
final class Tool {
  /** No tool that we run to its end takes longer than this; apt over a slow line is the slowest. */
  static final Duration DEADLINE = Duration.ofMinutes(10);

  private static final List<String> SYSTEM_FOLDERS =
      List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin");

  /** The Debian package of each program that we run, for the message when it is missing. */
  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          Map.entry("apt-cache", "apt"),
          Map.entry("apt-get", "apt"),
          Map.entry("dpkg-deb", "dpkg"),
          Map.entry("debugfs", "e2fsprogs"),
          Map.entry("mke2fs", "e2fsprogs"),
          Map.entry("depmod", "kmod"),
          Map.entry("grub-mkimage", "grub-common"),
          Map.entry("ip", "iproute2"),
          Map.entry("mcopy", "mtools"),
          Map.entry("mformat", "mtools"),
          Map.entry("mmd", "mtools"),
          Map.entry("nsenter", "util-linux"),
          Map.entry("unshare", "util-linux"),
          Map.entry("qemu-img", "qemu-utils"),
          Map.entry("qemu-io", "qemu-utils"),
          Map.entry("qemu-system-x86_64", "qemu-system-x86"),
          Map.entry("tcpdump", "tcpdump"),
          Map.entry("tshark", "tshark"),
          Map.entry("xz", "xz-utils"),
          Map.entry("zstd", "zstd"));

  private Tool() {}

  /**
   * Finds a program.
   *
   * @throws IOException when it is not installed; the message names its package
   */
  static String find(String program) throws IOException {
    if (program.contains("/")) {
      return program;
    }
    var folders =
        new ArrayList<String>(List.of(System.getenv().getOrDefault("PATH", "").split(":", -1)));
    folders.addAll(SYSTEM_FOLDERS);
    for (String folder : folders) {
      Path candidate = Path.of(folder, program);
      if (!folder.isEmpty() && Files.isExecutable(candidate)) {
        return candidate.toString();
      }
    }
    String name = PACKAGES.getOrDefault(program, program);
    throw new IOException(
        "%s is not installed; run: apt-get install -y %s".formatted(program, name));
  }

  /** Runs a program to its end in the folder where the JVM runs. */
  static String run(String... command) throws IOException, InterruptedException {
    return run(Path.of("."), Map.of(), List.of(command));
  }

  /**
   * Runs a program to its end.
   *
   * @return its standard output and standard error together
   * @throws IOException when it is missing, ends with another code than 0, or takes longer than
   *     {@link #DEADLINE}; the message ends with the last lines that it printed
   */
  static String run(Path folder, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Process process = start(folder, environment, command);
    process.getOutputStream().close();
    CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> readAll(process));
    boolean ended = process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    String printed = output.join();
    if (!ended || process.exitValue() != 0) {
      String how = ended ? "ended with code " + process.exitValue() : "did not end in time";
      throw new IOException(
          "%s %s: %s".formatted(String.join(" ", command), how, lastLines(printed)));
    }
    return printed;
  }

  /** Starts a program with standard error joined to standard output; the caller ends it. */
  static Process start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    var found = new ArrayList<>(command);
    found.set(0, find(command.getFirst()));
    var builder = new ProcessBuilder(found).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().merge("PATH", String.join(":", SYSTEM_FOLDERS), (a, b) -> a + ":" + b);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static String readAll(Process process) {
    try (var stream = process.getInputStream()) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lastLines(String printed) {
    List<String> lines = printed.strip().lines().toList();
    return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
  }
}
