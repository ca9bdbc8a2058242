// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import dev.rootstock.images.golden.GoldenImage;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Reads a version whole and compares it with its checksums, several pieces at a time. */
final class Verification {
  private final GoldenVersion version;
  private final GoldenImage image;
  private final Progress progress;
  private final AtomicLong next = new AtomicLong();
  private long done;

  private Verification(GoldenVersion version, GoldenImage image, Progress progress) {
    this.version = version;
    this.image = image;
    this.progress = progress;
  }

  /**
   * Checks.
   *
   * @param sums the file with the checksums of the pieces
   * @throws StoreException CORRUPT naming what differs
   */
  static void run(GoldenVersion version, GoldenImage image, Path sums, Progress progress)
      throws StoreException, IOException {
    Verification check = new Verification(version, image, progress);
    if (version.pieces() == null) {
      check.whole();
      return;
    }
    byte[] pieces = Files.readAllBytes(sums);
    if (!Checksums.hex(pieces).equals(version.pieces())
        || pieces.length
            != Math.ceilDiv(version.sizeBytes(), Limits.CHECKSUM_PIECE_BYTES) * Checksums.BYTES) {
      throw corrupt(
          version, "the checksums in " + sums.getFileName() + " are not those of its import");
    }
    check.pieces(pieces);
  }

  static StoreException corrupt(GoldenVersion version, String how) {
    return new StoreException(
        Kind.CORRUPT, version + " has changed: " + how + "; restore it from a backup");
  }

  private void whole() throws StoreException, IOException {
    MessageDigest digest = Checksums.sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    for (long at = 0; at < version.sizeBytes(); at += buffer.limit()) {
      read(at, version.sizeBytes(), buffer, digest);
    }
    String found = HexFormat.of().formatHex(digest.digest());
    if (!found.equals(version.sha256())) {
      throw corrupt(version, "its checksum is %s, not %s".formatted(found, version.sha256()));
    }
  }

  private void pieces(byte[] expected) throws StoreException, IOException {
    int threads = Math.min(Limits.VERIFY_THREADS, Runtime.getRuntime().availableProcessors());
    try (ExecutorService pool =
        Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().factory())) {
      List<Future<Void>> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        workers.add(pool.submit(() -> work(expected)));
      }
      try {
        for (Future<Void> worker : workers) {
          worker.get();
        }
      } catch (ExecutionException failed) {
        switch (failed.getCause()) {
          case StoreException wrong -> throw wrong;
          case IOException unreadable -> throw unreadable;
          case null, default -> throw new IllegalStateException(failed);
        }
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      } finally {
        next.set(Long.MAX_VALUE / 2); // the others end with the piece that they are at
      }
    }
  }

  private Void work(byte[] expected) throws StoreException, IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.COPY_BYTES);
    while (true) {
      long piece = next.getAndIncrement();
      if (piece >= expected.length / Checksums.BYTES) {
        return null;
      }
      long from = piece * Limits.CHECKSUM_PIECE_BYTES;
      long end = Math.min(from + Limits.CHECKSUM_PIECE_BYTES, version.sizeBytes());
      MessageDigest digest = Checksums.sha256();
      for (long at = from; at < end; at += buffer.limit()) {
        read(at, end, buffer, digest);
      }
      int index = (int) piece * Checksums.BYTES;
      if (!Arrays.equals(
          digest.digest(), Arrays.copyOfRange(expected, index, index + Checksums.BYTES))) {
        throw corrupt(version, "bytes %d to %d are others".formatted(from, end - 1));
      }
    }
  }

  private void read(long at, long end, ByteBuffer buffer, MessageDigest digest) throws IOException {
    buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
    image.read(at, buffer);
    digest.update(buffer.flip());
    buffer.rewind();
    told(buffer.limit());
  }

  private synchronized void told(int bytes) {
    done += bytes;
    long before = done - bytes;
    // A line for each 16 MiB, and the end.
    if (done == version.sizeBytes() || before >> 24 != done >> 24) {
      progress.at(done, version.sizeBytes());
    }
  }
}
