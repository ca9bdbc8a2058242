// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import dev.rootstock.images.Limits;
import dev.rootstock.images.file.HostFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a layer that will never change again: a qcow2 file of version 3 with clusters of {@value
 * #CLUSTER} bytes, whole or over another one.
 *
 * <p>Clusters may come in any order, each once. They are appended to the file; a table gets its
 * place with its first cluster. The header comes last, so what an interruption leaves is no image.
 */
public final class LayerWriter implements Closeable {
  public static final int CLUSTER = 64 << 10;

  private static final int CLUSTER_BITS = 16;
  private static final int L2_ENTRIES = CLUSTER / Long.BYTES;
  private static final int REFCOUNTS_OF_A_BLOCK = CLUSTER / Short.BYTES;
  private static final int HEADER_BYTES = 104;
  private static final int BACKING_FORMAT = 0xe2792aca;
  private static final long COPIED = 1L << 63;

  private final HostFile file;
  private final long sizeBytes;
  private final @Nullable String backing;
  private final long[] l1;

  /** Tables in memory by L1 index; the others stand in the file. */
  private final LinkedHashMap<Integer, ByteBuffer> tables =
      new LinkedHashMap<>(16, 0.75f, true /* the least lately used is the first */);

  private long nextCluster;

  /**
   * Begins a layer.
   *
   * @param file a new file, which is the writer's from now on
   * @param backing the name of the file below, ending in its format; null for none
   */
  public LayerWriter(HostFile file, long sizeBytes, @Nullable String backing) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.backing = backing;
    l1 = new long[(int) Math.ceilDiv(sizeBytes, (long) CLUSTER * L2_ENTRIES)];
    nextCluster = 1L + l1Clusters();
  }

  private int l1Clusters() {
    return Math.ceilDiv(l1.length * Long.BYTES, CLUSTER);
  }

  /**
   * Puts the bytes of a cluster into the layer.
   *
   * @param content {@value #CLUSTER} bytes, fewer at the end of the disk only
   */
  public void data(long cluster, ByteBuffer content) throws IOException {
    long at = nextCluster++ << CLUSTER_BITS;
    int missing = CLUSTER - content.remaining();
    if (missing == 0) {
      file.write(at, content);
    } else {
      file.write(at, content, ByteBuffer.allocateDirect(missing));
    }
    enter(cluster, at | COPIED);
  }

  /** Says that a cluster reads as zeros, whatever is below. */
  public void zero(long cluster) throws IOException {
    enter(cluster, 1);
  }

  private void enter(long cluster, long entry) throws IOException {
    int index = (int) (cluster / L2_ENTRIES);
    table(index).putLong((int) (cluster % L2_ENTRIES) * Long.BYTES, entry);
  }

  private ByteBuffer table(int index) throws IOException {
    ByteBuffer table = tables.get(index);
    if (table == null) {
      table = ByteBuffer.allocateDirect(CLUSTER);
      if (l1[index] == 0) {
        l1[index] = nextCluster++ << CLUSTER_BITS;
      } else {
        file.read(l1[index], table);
        table.clear();
      }
      tables.put(index, table);
      if (tables.size() > Limits.WRITER_TABLES) {
        Iterator<Map.Entry<Integer, ByteBuffer>> eldest = tables.entrySet().iterator();
        write(eldest.next());
        eldest.remove();
      }
    }
    return table;
  }

  private void write(Map.Entry<Integer, ByteBuffer> table) throws IOException {
    file.write(l1[table.getKey()], table.getValue().duplicate().clear());
  }

  /** Writes what is missing, and makes all of it durable. */
  public void finish() throws IOException {
    for (Map.Entry<Integer, ByteBuffer> table : tables.entrySet()) {
      write(table);
    }
    ByteBuffer entries = ByteBuffer.allocateDirect(l1Clusters() * CLUSTER);
    for (int i = 0; i < l1.length; i++) {
      entries.putLong(i * Long.BYTES, l1[i] == 0 ? 0 : l1[i] | COPIED);
    }
    file.write(CLUSTER, entries);
    long tableAt = nextCluster;
    int tableClusters = refcounts();
    file.sync();
    file.write(0, header(tableAt << CLUSTER_BITS, tableClusters));
    file.sync();
  }

  /** Counts every cluster once, those of the counts among them; returns the table's clusters. */
  private int refcounts() throws IOException {
    long blocks = 0;
    int tableClusters = 0;
    long total = nextCluster;
    while (blocks < Math.ceilDiv(total, REFCOUNTS_OF_A_BLOCK)) {
      blocks = Math.ceilDiv(total, REFCOUNTS_OF_A_BLOCK);
      tableClusters = (int) Math.ceilDiv(blocks * Long.BYTES, CLUSTER);
      total = nextCluster + tableClusters + blocks;
    }
    ByteBuffer table = ByteBuffer.allocateDirect(tableClusters * CLUSTER);
    long firstBlock = nextCluster + tableClusters;
    for (int i = 0; i < blocks; i++) {
      table.putLong(i * Long.BYTES, (firstBlock + i) << CLUSTER_BITS);
      ByteBuffer block = ByteBuffer.allocateDirect(CLUSTER);
      long counted = Math.min(REFCOUNTS_OF_A_BLOCK, total - (long) i * REFCOUNTS_OF_A_BLOCK);
      for (int j = 0; j < counted; j++) {
        block.putShort(j * Short.BYTES, (short) 1);
      }
      file.write((firstBlock + i) << CLUSTER_BITS, block);
    }
    file.write(nextCluster << CLUSTER_BITS, table);
    nextCluster = total;
    return tableClusters;
  }

  private ByteBuffer header(long refcountTable, int refcountTableClusters) {
    ByteBuffer out = ByteBuffer.allocateDirect(CLUSTER);
    out.putInt(0, Qcow2HeaderReader.MAGIC).putInt(4, 3).putInt(20, CLUSTER_BITS);
    out.putLong(24, sizeBytes).putInt(36, l1.length).putLong(40, CLUSTER);
    out.putLong(48, refcountTable).putInt(56, refcountTableClusters);
    out.putInt(96, 4).putInt(100, HEADER_BYTES); // refcounts of 2^4 bits
    out.position(HEADER_BYTES);
    if (backing != null) {
      String format = backing.endsWith(".qcow2") ? "qcow2" : "raw";
      out.putInt(BACKING_FORMAT).putInt(format.length());
      out.put(format.getBytes(StandardCharsets.US_ASCII)).put(new byte[-format.length() & 7]);
      out.putLong(0); // the end of the extensions
      byte[] name = backing.getBytes(StandardCharsets.UTF_8);
      out.putLong(8, out.position()).putInt(16, name.length).put(name);
    }
    return out.clear();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
