// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Operation;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import org.HdrHistogram.Histogram;

/**
 * Many machines that are switched on at the same moment and boot from one server: each logs in on a
 * thread of its own, and all are then driven by one.
 */
final class BootStormRun {
  private static final String INITIATOR = "iqn.2026-11.dev.rootstock.bench:machine";
  private static final long LARGEST_NANOS = 60_000_000_000L;

  /** How far apart the patterns begin that two machines write. */
  static final int SHIFT = 16;

  private final BootSchedule schedule;
  private final double pace;
  private final List<Disk> disks;
  private final StormProgress progress;
  private final Histogram latency = new Histogram(LARGEST_NANOS, 3);
  private final Semaphore logins = new Semaphore(BenchLimits.STORM_LOGINS);
  private final Queue<Arrival> arrived = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Alarm> alarms =
      new PriorityQueue<>(Comparator.comparingLong(Alarm::at));
  private final List<BootReplay> replays = new ArrayList<>();
  private final List<Long> bootNanos = new ArrayList<>();
  private long bytes;
  private long begin;

  private sealed interface Arrival permits Ready, Failed {}

  private record Ready(BootReplay replay) implements Arrival {}

  private record Failed(IOException why) implements Arrival {}

  private record Alarm(long at, SelectionKey key) {}

  /**
   * What the machines met.
   *
   * @param bootNanos from the common beginning to each machine's last answer, in ascending order
   * @param latency of all operations, in nanoseconds, logins not among them
   * @param bytes read and written
   */
  record Met(List<Long> bootNanos, Histogram latency, long bytes) {
    Met {
      bootNanos = List.copyOf(bootNanos);
    }
  }

  private BootStormRun(BootTrace trace, double pace, List<Disk> disks, StormProgress progress) {
    this.schedule = new BootSchedule(trace);
    this.pace = pace;
    this.disks = disks;
    this.progress = progress;
  }

  /**
   * Boots a machine from each of these disks.
   *
   * @throws IOException when one cannot log in, has an error, or has no answer for {@link
   *     BenchLimits#ANSWER}
   */
  static Met run(BootTrace trace, double pace, List<Disk> disks, StormProgress progress)
      throws IOException {
    return new BootStormRun(trace, pace, disks, progress).run();
  }

  private Met run() throws IOException {
    try (Selector selector = Selector.open()) {
      begin = System.nanoTime();
      for (int i = 0; i < disks.size(); i++) {
        int number = i;
        Thread.ofVirtual().start(() -> login(number, selector));
      }
      long tell = begin + progress.everyNanos();
      while (bootNanos.size() < disks.size()) {
        long now = System.nanoTime();
        if (now >= tell) {
          refuseSilence(now);
          progress.at(
              bootNanos.size(),
              disks.size(),
              answered(),
              bytes,
              now - begin,
              latency.getMaxValue());
          tell = now + progress.everyNanos();
        }
        long until = alarms.isEmpty() ? tell : Math.min(tell, alarms.peek().at());
        // Not by a set of keys, whose order is always the same: see SessionDriver.
        selector.select(this::receive, Math.max(1, (until - now) / 1_000_000));
        welcome(selector);
        for (now = System.nanoTime(); !alarms.isEmpty() && alarms.peek().at() <= now; ) {
          turn(alarms.remove().key());
        }
      }
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    } catch (IllegalStateException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      for (BootReplay each : replays) {
        each.session().close();
      }
    }
    return new Met(bootNanos, latency, bytes); // in the order in which they ended
  }

  /** On a thread of its own; whoever drives the machines takes over. */
  private void login(int number, Selector selector) {
    Disk disk = disks.get(number);
    String name = "machine %d at %s".formatted(number, disk.target());
    logins.acquireUninterruptibly();
    try {
      BootReplay replay =
          new BootReplay(
              name,
              schedule,
              pace,
              listener -> {
                LoginOptions options =
                    LoginOptions.normal(initiator(number), disk.target())
                        .withIsid(new Isid(number + 1));
                BusySession session =
                    BusySession.login(
                        disk.portal(), options, disk.lun(), BenchLimits.ANSWER, listener);
                session.shift(shift(number));
                return session;
              },
              this::answered);
      arrived.add(new Ready(replay));
    } catch (IOException e) {
      arrived.add(new Failed(new IOException(name + " cannot log in: " + e.getMessage(), e)));
    } finally {
      logins.release();
    }
    selector.wakeup();
  }

  static String initiator(int machine) {
    return INITIATOR + machine;
  }

  /** What tells a machine's writes from those of the others; see {@link BusySession#shift}. */
  static int shift(int machine) {
    return machine % (BenchLimits.STORM_CLIENTS + 1) * SHIFT;
  }

  private void welcome(Selector selector) throws IOException {
    for (Arrival each = arrived.poll(); each != null; each = arrived.poll()) {
      switch (each) {
        case Failed(IOException why) -> throw why;
        case Ready(BootReplay replay) -> {
          replays.add(replay);
          replay.begin(System.nanoTime());
          turn(replay.session().channel().register(selector, SelectionKey.OP_READ, replay));
        }
      }
    }
  }

  private void answered(Operation operation, long nanos) {
    latency.recordValue(Math.min(LARGEST_NANOS, nanos));
    bytes += operation.length();
  }

  private void receive(SelectionKey ready) {
    try {
      replay(ready).session().receive();
      turn(ready);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void turn(SelectionKey key) throws IOException {
    BootReplay replay = replay(key);
    if (!key.isValid()) {
      return;
    }
    if (replay.done()) {
      bootNanos.add(System.nanoTime() - begin);
      key.cancel();
      return;
    }
    long at = replay.ask(System.nanoTime());
    if (at != BootReplay.NEVER) {
      alarms.add(new Alarm(at, key));
    }
    boolean all = replay.session().send();
    key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
  }

  private static BootReplay replay(SelectionKey key) {
    return (BootReplay) key.attachment();
  }

  private void refuseSilence(long now) throws IOException {
    for (BootReplay each : replays) {
      if (!each.done() && now - each.silentSince(now) > BenchLimits.ANSWER.toNanos()) {
        throw new IOException(
            "%s had no answer for %d s".formatted(each.name(), BenchLimits.ANSWER.toSeconds()));
      }
    }
  }

  /** The share of all operations that is answered, 0 to 1. */
  private double answered() {
    long all = 0;
    for (BootReplay each : replays) {
      all += each.answered();
    }
    return (double) all / disks.size() / schedule.size();
  }
}
