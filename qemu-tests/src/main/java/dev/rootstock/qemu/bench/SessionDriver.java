// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;

/**
 * Sessions of our own initiator that are driven by one thread, in the order in which they have
 * answers.
 */
final class SessionDriver implements AutoCloseable {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.bench:initiator";
  private static final long LARGEST_NANOS = 60_000_000_000L;

  private final Sessions load;
  private final long places;
  private final Histogram latency = new Histogram(LARGEST_NANOS, 3);
  private final List<Driven> sessions = new ArrayList<>();
  private final Selector selector;

  SessionDriver(Sessions load) throws IOException {
    this.load = load;
    this.places = BenchLimits.DISK_BYTES / 512 / load.blocks();
    this.selector = Selector.open();
  }

  /** Adds a session. */
  void login(Disk disk) throws IOException {
    sessions.add(new Driven(disk, sessions.size()));
  }

  /** Keeps all sessions busy until then, or until they have nothing more to do. */
  void run(long endNanos) throws IOException {
    for (Driven session : sessions) {
      session.begin();
    }
    try {
      while (System.nanoTime() - endNanos < 0 && sessions.stream().anyMatch(Driven::busy)) {
        // Not by a set of keys: it has an order of its own, always the same, so that the sessions
        // at its end would miss the server's turns again and again, and seem to be served badly.
        if (selector.select(SessionDriver::turn, BenchLimits.ANSWER.toMillis()) == 0) {
          throw new IOException("no session had an answer for " + BenchLimits.ANSWER);
        }
      }
    } catch (UncheckedIOException e) {
      throw new IOException("a session failed: " + e.getMessage(), e);
    }
  }

  private static void turn(SelectionKey ready) {
    try {
      ((Driven) ready.attachment()).turn();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of every operation, in nanoseconds. */
  Histogram latency() {
    return latency;
  }

  /** How many operations of each session have ended. */
  LongStream ended() {
    return sessions.stream().mapToLong(session -> session.ended);
  }

  @Override
  public void close() throws IOException {
    for (Driven session : sessions) {
      session.session.close();
    }
    selector.close();
  }

  /** One session and what it has under way. Tags count up, so a slot is a tag's remainder. */
  private final class Driven {
    private static final int SLOTS = 256;

    private final BusySession session;
    private final SelectionKey key;
    private final SplittableRandom random;
    private final long[] beganAt = new long[SLOTS];
    private long begun;
    private long ended;

    /**
     * Logs in.
     *
     * @param number tells it from all others
     */
    Driven(Disk disk, int number) throws IOException {
      random = new SplittableRandom(number);
      LoginOptions options =
          LoginOptions.normal(INITIATOR + number, disk.target()).withIsid(new Isid(number + 1));
      if (load.digests()) {
        options = options.with("HeaderDigest", "CRC32C").with("DataDigest", "CRC32C");
      }
      session =
          BusySession.login(disk.portal(), options, disk.lun(), BenchLimits.ANSWER, this::ended);
      key = session.channel().register(selector, SelectionKey.OP_READ, this);
    }

    boolean busy() {
      return begun > ended;
    }

    void begin() throws IOException {
      for (int i = 0; i < load.depth(); i++) {
        next();
      }
      send();
    }

    private void next() {
      boolean writes = load.access() == Access.SCATTERED_WRITE;
      if (writes && begun == places) {
        return; // a place that is written again is another measurement
      }
      long lba = load.access().place(begun++, places, random) * load.blocks();
      int tag = writes ? session.write(lba, load.blocks()) : session.read(lba, load.blocks());
      beganAt[tag & (SLOTS - 1)] = System.nanoTime();
    }

    private void ended(int tag, int status) {
      if (status != 0) {
        throw new IllegalStateException("a command ended with SCSI status " + status);
      }
      latency.recordValue(Math.min(LARGEST_NANOS, System.nanoTime() - beganAt[tag & (SLOTS - 1)]));
      ended++;
      next();
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
