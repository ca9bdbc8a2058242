// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has used so far, as /proc tells it.
 *
 * @param cpuMicros processor time, user and system
 * @param diskReadBytes what was read from disks for it, not what came from the page cache
 * @param memoryBytes what it holds of the machine's memory now: its own, and mapped files
 */
record ProcessUse(long cpuMicros, long diskReadBytes, long memoryBytes) {
  /** Of a process that is not ours to see. */
  static final ProcessUse UNKNOWN = new ProcessUse(0, 0, 0);

  static ProcessUse of(ProcessHandle process) throws IOException {
    return new ProcessUse(
        Tool.cpuMicros(process),
        field(process, "io", "read_bytes:"),
        field(process, "status", "VmRSS:") * 1024);
  }

  private static long field(ProcessHandle process, String file, String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid(), file))) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.substring(name.length()).replace("kB", "").strip());
      }
    }
    throw new IOException("/proc/%d/%s has no %s".formatted(process.pid(), file, name));
  }
}
