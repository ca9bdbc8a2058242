// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Gives out clusters of the overlay's file and counts them ("Reference counts" in the format).
 *
 * <p>Clusters come from the end of the file and are never given back but by {@link #rollBack}. So
 * every count is 1, and a count can be written without reading it first. What a crash has leaked
 * stays leaked until the overlay is made anew. Used by one thread at a time.
 */
final class HostClusters {
  private final HostFile file;
  private final Header header;

  /** Where each refcount block is; 0 where there is none yet. */
  private final long[] blocks;

  private long next;

  /** Clusters below may be named by a table in the file. */
  private long named;

  HostClusters(HostFile file, Header header) throws IOException {
    this.file = file;
    this.header = header;
    long tableBytes = header.refcountTableClusters() * header.clusterBytes();
    ByteBuffer in = ByteBuffer.allocateDirect((int) tableBytes);
    file.read(header.refcountTableOffset(), in);
    blocks = new long[(int) tableBytes / Long.BYTES];
    in.flip().asLongBuffer().get(blocks);
    long size = file.size();
    for (int i = 0; i < blocks.length; i++) {
      if (blocks[i] % header.clusterBytes() != 0
          || blocks[i] < 0
          || blocks[i] > size - header.clusterBytes()) {
        throw new FormatException(
            "offset %d: refcount block at %d, which is no cluster of the file's %d bytes"
                .formatted(header.refcountTableOffset() + 8L * i, blocks[i], size));
      }
    }
    next = Header.ceilDiv(size, header.clusterBytes());
  }

  /** What {@link #rollBack} goes back to. */
  long mark() {
    return next;
  }

  /** Takes back what was given out since the mark, but for what a table may name by now. */
  void rollBack(long mark) {
    next = Math.max(mark, named);
  }

  /** From now on a table may name what was given out; a failure can only leak it. */
  void keep() {
    named = next;
  }

  HostOffset allocate() throws NoSpaceException {
    if (next / header.refcountsPerBlock() >= blocks.length) {
      throw new NoSpaceException("the overlay's refcount table is full");
    }
    return new HostOffset(next++ << header.clusterBits());
  }

  /**
   * Counts every cluster given out since the mark. The counts are in the file when this returns,
   * and durable after the next sync. A new block of counts is durable before the table names it.
   */
  void count(long mark) throws IOException {
    SortedMap<Integer, HostOffset> made = new TreeMap<>();
    int perBlock = header.refcountsPerBlock();
    for (long block = mark / perBlock; block * perBlock < next; block++) {
      if (blocks[(int) block] == 0) {
        made.put((int) block, allocate()); // counted too: it may stand in this block or in the next
      }
    }
    for (long block = mark / perBlock; block * perBlock < next; block++) {
      int from = (int) (Math.max(mark, block * perBlock) - block * perBlock);
      int to = (int) (Math.min(next, (block + 1) * perBlock) - block * perBlock);
      HostOffset fresh = made.get((int) block);
      if (fresh != null) {
        file.write(fresh.value(), ones(perBlock, from, to));
      } else {
        file.write(blocks[(int) block] + 2L * from, ones(to - from, 0, to - from));
      }
    }
    if (!made.isEmpty()) {
      file.sync();
      keep();
      for (var entry : made.entrySet()) {
        name(entry.getKey(), entry.getValue());
      }
    }
  }

  private void name(int block, HostOffset at) throws IOException {
    long entry = header.refcountTableOffset() + 8L * block;
    try {
      file.write(entry, ClusterMap.longs(new long[] {at.value()}));
      blocks[block] = at.value();
    } catch (IOException failed) {
      // Done in part, perhaps: what the file says counts, and the cluster stays given out.
      ByteBuffer in = ByteBuffer.allocateDirect(Long.BYTES);
      file.read(entry, in);
      blocks[block] = in.getLong(0);
      throw failed;
    }
  }

  private static ByteBuffer ones(int size, int from, int to) {
    ByteBuffer counts = ByteBuffer.allocateDirect(size * Short.BYTES);
    for (int i = from; i < to; i++) {
      counts.putShort(i * Short.BYTES, (short) 1);
    }
    return counts;
  }
}
