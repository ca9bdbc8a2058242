// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes by {@code qemu-img bench}, each block of the disk once, scattered. How long that takes is
 * up to the server: such a run has no length of its own.
 *
 * @param bytes the size of a write
 * @param depth writes in flight
 */
record QemuBench(int bytes, int depth) implements Load {
  private static final Pattern TOOK = Pattern.compile("Run completed in ([0-9.]+) seconds");

  /** Writes the server's whole disk. */
  @Override
  public Trial on(Served server) {
    return seconds -> measure(server);
  }

  @Override
  public Sessions ours() {
    return new Sessions(Access.SCATTERED_WRITE, bytes / 512, depth, false);
  }

  private Sample measure(Served server) throws IOException, InterruptedException {
    long count = BenchLimits.DISK_BYTES / bytes;
    long before = Tool.cpuMicros(server.process());
    String output =
        Tool.run(
            BenchLimits.WRITING,
            "qemu-img",
            "bench",
            "-w",
            "-f",
            "raw",
            "-c",
            Long.toString(count),
            "-d",
            Integer.toString(depth),
            "-s",
            Integer.toString(bytes),
            "-S",
            Long.toString((long) bytes * Access.STRIDE),
            server.url());
    long used = Tool.cpuMicros(server.process()) - before;
    Matcher took = TOOK.matcher(output);
    if (!took.find()) {
      throw new IOException("qemu-img bench printed no time: " + output.strip());
    }
    return Sample.of(count / Double.parseDouble(took.group(1)), (double) used / count);
  }
}
