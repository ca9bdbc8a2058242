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
record QemuBench(int bytes, int depth) {
  private static final Pattern TOOK = Pattern.compile("Run completed in ([0-9.]+) seconds");

  /**
   * Steps of so many writes: far enough that neighbours in time are never neighbours on the disk,
   * and odd, so that the run comes to every place before it comes back.
   */
  private static final int STRIDE = 521;

  /** Writes the server's whole disk. */
  Trial on(Served server) {
    return seconds -> measure(server);
  }

  /** The same on a disk that nothing has been written to. */
  Trial onFresh(RootstockServer server, String client) {
    return seconds -> {
      server.reset(client);
      return measure(server.served(client));
    };
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
            Long.toString((long) bytes * STRIDE),
            server.url());
    long used = Tool.cpuMicros(server.process()) - before;
    Matcher took = TOOK.matcher(output);
    if (!took.find()) {
      throw new IOException("qemu-img bench printed no time: " + output.strip());
    }
    return Sample.of(count / Double.parseDouble(took.group(1)), (double) used / count);
  }
}
