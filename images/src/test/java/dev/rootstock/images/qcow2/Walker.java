// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * A second reading of the format, for judging files in memory faster than qemu-img could: whatever
 * a table names lies in the file, is named once, and is counted at least once.
 */
final class Walker {
  private final ByteBuffer file;
  private final Header header;
  private final Map<Long, String> named = new HashMap<>();

  private Walker(byte[] bytes) throws IOException {
    file = ByteBuffer.wrap(bytes);
    header =
        HeaderCodec.decode(file.duplicate().limit(Math.min(bytes.length, 65536)), bytes.length);
  }

  /** Fails with what is wrong, if anything is; clusters that are counted and not used may be. */
  static void check(byte[] bytes) throws IOException {
    Walker walker = new Walker(bytes);
    walker.names();
    walker.counts();
  }

  /** Clusters that are counted and that nothing names. */
  static int leaks(byte[] bytes) throws IOException {
    Walker walker = new Walker(bytes);
    walker.names();
    int leaks = 0;
    long blocks = walker.header.refcountTableClusters() * walker.header.clusterBytes() / 8;
    for (int block = 0; block < blocks; block++) {
      leaks += walker.hasBlock(block) ? walker.leaksOf(block) : 0;
    }
    return leaks;
  }

  private boolean hasBlock(int block) {
    return file.getLong((int) header.refcountTableOffset() + 8 * block) != 0;
  }

  /** Those behind the end of the file count too. */
  private int leaksOf(int block) {
    int leaks = 0;
    long first = (long) block * header.refcountsPerBlock();
    for (long cluster = first; cluster < first + header.refcountsPerBlock(); cluster++) {
      boolean counted = count(cluster) > 0;
      leaks += counted && !named.containsKey(cluster * header.clusterBytes()) ? 1 : 0;
    }
    return leaks;
  }

  private void names() {
    long cluster = header.clusterBytes();
    name(0, "header");
    for (int i = 0; i < header.refcountTableClusters(); i++) {
      name(header.refcountTableOffset() + i * cluster, "refcount table");
    }
    for (long at = 0; at < 8L * header.l1Entries(); at += cluster) {
      name(header.l1Offset() + at, "L1 table");
    }
    for (int i = 0; i < header.refcountTableClusters() * cluster / 8; i++) {
      long block = file.getLong((int) header.refcountTableOffset() + 8 * i);
      if (block != 0) {
        name(block, "refcount block " + i);
      }
    }
    for (int i = 0; i < header.l1Entries(); i++) {
      long table = L2Entry.place(file.getLong((int) header.l1Offset() + 8 * i));
      if (table != 0) {
        name(table, "L2 table " + i);
        for (int j = 0; j < header.l2Entries(); j++) {
          int at = (int) table + 16 * j;
          if (file.getLong(at) != 0 || file.getLong(at + 8) != 0) {
            entry(at, "cluster " + ((long) i * header.l2Entries() + j));
          }
        }
      }
    }
  }

  private void entry(int at, String what) {
    long descriptor = file.getLong(at);
    long bitmap = file.getLong(at + 8);
    if ((bitmap & bitmap >>> 32 & 0xffff_ffffL) != 0) {
      throw new AssertionError(what + " has data that are zeros: " + Long.toHexString(bitmap));
    }
    if (descriptor == 0) {
      if ((int) bitmap != 0) {
        throw new AssertionError(what + " has data nowhere: " + Long.toHexString(bitmap));
      }
      return;
    }
    if (descriptor >>> 56 != 0x80) {
      throw new AssertionError(what + " is named by " + Long.toHexString(descriptor));
    }
    name(L2Entry.place(descriptor), what);
  }

  private void name(long at, String what) {
    if (at % header.clusterBytes() != 0 || at >= file.limit()) {
      throw new AssertionError(what + " at " + at + " of " + file.limit() + " bytes");
    }
    String other = named.put(at, what);
    if (other != null) {
      throw new AssertionError(what + " and " + other + " both at " + at);
    }
  }

  private void counts() {
    for (Map.Entry<Long, String> use : named.entrySet()) {
      long cluster = use.getKey() / header.clusterBytes();
      if (count(cluster) != 1) {
        throw new AssertionError(
            use.getValue() + " at " + use.getKey() + " is counted " + count(cluster) + " times");
      }
    }
  }

  private int count(long cluster) {
    int perBlock = header.refcountsPerBlock();
    long block = file.getLong((int) (header.refcountTableOffset() + 8 * (cluster / perBlock)));
    return block == 0 ? 0 : file.getShort((int) (block + 2 * (cluster % perBlock)));
  }
}
