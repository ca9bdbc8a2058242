// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/**
 * Random reads by our own initiator, in many sessions at once, driven by one thread. It checks
 * digests where they are agreed on, and tells each operation's latency.
 *
 * @param blocks the size of a read in blocks of 512 bytes
 * @param depth reads in flight in each session
 * @param digests whether header and data digests are asked for
 */
record Sessions(int blocks, int depth, boolean digests) {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.bench:initiator";
  private static final long LARGEST_NANOS = 60_000_000_000L;

  /** One session for each disk; a disk may be named more than once. */
  Trial on(Process server, List<Disk> disks) {
    return seconds -> measure(server, disks, seconds);
  }

  private Sample measure(Process server, List<Disk> disks, int seconds) throws IOException {
    Histogram latency = new Histogram(LARGEST_NANOS, 3);
    List<Reader> readers = new ArrayList<>();
    try (Selector selector = Selector.open()) {
      for (Disk disk : disks) {
        readers.add(new Reader(disk, readers.size(), selector, latency));
      }
      long before = Tool.cpuMicros(server);
      long begin = System.nanoTime();
      long end = begin + seconds * 1_000_000_000L;
      for (Reader reader : readers) {
        reader.begin();
      }
      while (System.nanoTime() < end) {
        if (selector.select(BenchLimits.ANSWER.toMillis()) == 0) {
          throw new IOException("no session had an answer for " + BenchLimits.ANSWER);
        }
        for (SelectionKey key : selector.selectedKeys()) {
          ((Reader) key.attachment()).turn();
        }
        selector.selectedKeys().clear();
      }
      double took = (System.nanoTime() - begin) / 1e9;
      long used = Tool.cpuMicros(server) - before;
      long all = readers.stream().mapToLong(reader -> reader.ended).sum();
      long least = readers.stream().mapToLong(reader -> reader.ended).min().orElseThrow();
      return new Sample(
          all / took, (double) used / all, latency, (double) least * readers.size() / all);
    } finally {
      for (Reader reader : readers) {
        reader.session.close();
      }
    }
  }

  /** One session and what it has under way. Tags count up, so a slot is a tag's remainder. */
  private final class Reader {
    private static final int SLOTS = 256;

    private final BusySession session;
    private final SelectionKey key;
    private final Histogram latency;
    private final SplittableRandom random;
    private final long[] begun = new long[SLOTS];
    private long ended;

    Reader(Disk disk, int number, Selector selector, Histogram latency) throws IOException {
      this.latency = latency;
      this.random = new SplittableRandom(number);
      LoginOptions options =
          LoginOptions.normal(INITIATOR + number, disk.target()).withIsid(new Isid(number + 1));
      if (digests) {
        options = options.with("HeaderDigest", "CRC32C").with("DataDigest", "CRC32C");
      }
      session =
          BusySession.login(disk.portal(), options, disk.lun(), BenchLimits.ANSWER, this::ended);
      key = session.channel().register(selector, SelectionKey.OP_READ, this);
    }

    void begin() throws IOException {
      for (int i = 0; i < depth; i++) {
        read();
      }
      send();
    }

    private void read() {
      long places = BenchLimits.DISK_BYTES / 512 / blocks;
      int tag = session.read(random.nextLong(places) * blocks, blocks);
      begun[tag & (SLOTS - 1)] = System.nanoTime();
    }

    private void ended(int tag, int status) {
      if (status != 0) {
        throw new IllegalStateException("a read ended with status " + status);
      }
      latency.recordValue(Math.min(LARGEST_NANOS, System.nanoTime() - begun[tag & (SLOTS - 1)]));
      ended++;
      read();
    }

    void turn() throws IOException {
      session.receive();
      send();
    }

    private void send() throws IOException {
      boolean all = session.send();
      key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }
  }
}
