// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** How an image's compressed clusters are compressed ("compression_type" in the format). */
enum Compression {
  /** Raw deflate, without zlib's header. */
  ZLIB {
    @Override
    int unpack(byte[] packed, byte[] cluster) throws IOException {
      Inflater inflater = new Inflater(true);
      try {
        inflater.setInput(packed);
        int done = 0;
        while (done < cluster.length && !inflater.finished()) {
          int count = inflater.inflate(cluster, done, cluster.length - done);
          if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
            break;
          }
          done += count;
        }
        return done;
      } catch (DataFormatException bad) {
        throw new IOException("no deflate data: " + bad.getMessage(), bad);
      } finally {
        inflater.end();
      }
    }
  },

  /** A zstd frame; the sectors that hold it may go on with anything. */
  ZSTD {
    @Override
    int unpack(byte[] packed, byte[] cluster) throws IOException {
      try (ZstdInputStream frames = new ZstdInputStream(new ByteArrayInputStream(packed))) {
        frames.setLongMax(LARGEST_WINDOW_LOG);
        return frames.readNBytes(cluster, 0, cluster.length);
      }
    }
  };

  /** A cluster has 2 MiB at most, so a larger window is nothing but a demand for memory. */
  private static final int LARGEST_WINDOW_LOG = 23;

  /**
   * Fills a cluster from its compressed bytes and whatever follows them.
   *
   * @return bytes that came out, fewer than the cluster's when the data end before
   */
  abstract int unpack(byte[] packed, byte[] cluster) throws IOException;
}
