// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.SplittableRandom;

/** A disk that holds data wherever a trace reads, and holes elsewhere. */
final class TraceImage {
  private TraceImage() {}

  /**
   * Makes the file; the same trace gives the same bytes.
   *
   * @return how many bytes it holds
   */
  static long write(BootTrace trace, Path file) throws IOException {
    BitSet held = new BitSet();
    ByteBuffer block = ByteBuffer.allocate(BootTrace.BLOCK);
    try (var disk =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (Operation each : trace.operations()) {
        if (each.kind() != Kind.READ) {
          continue;
        }
        int from = Math.toIntExact(each.offset() / BootTrace.BLOCK);
        int end = Math.toIntExact((each.offset() + each.length()) / BootTrace.BLOCK);
        for (int at = held.nextClearBit(from); at < end; at = held.nextClearBit(at)) {
          new SplittableRandom(at).nextBytes(block.array());
          disk.write(block.rewind(), (long) at * BootTrace.BLOCK);
          held.set(at);
        }
      }
      if (disk.size() < trace.diskBytes()) {
        disk.write(block.clear().limit(1).put(0, (byte) 0), trace.diskBytes() - 1);
      }
      disk.force(false);
    }
    return (long) held.cardinality() * BootTrace.BLOCK;
  }

  /** Takes a file out of the page cache, so that its next reader needs the disk. */
  static void forget(Path file) throws IOException, InterruptedException {
    Tool.run(BenchLimits.COMMAND, "dd", "if=" + file, "iflag=nocache", "count=0", "status=none");
  }
}
