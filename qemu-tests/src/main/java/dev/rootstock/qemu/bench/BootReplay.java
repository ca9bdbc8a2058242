// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Operation;
import dev.rootstock.target.initiator.BusySession;
import java.io.IOException;

/**
 * One machine that boots again as it was recorded. It asks for the same things in the same order,
 * never before as many answers have come as had come then, and leaves the same times in between, in
 * which the machine computed: what a slow answer costs, the boot takes longer. For one thread.
 */
final class BootReplay {
  /** What a thread that woke up late makes good at most; more is the server's delay, or ours. */
  private static final long LATE_NANOS = 10_000_000;

  /** Nothing has to be begun before an answer comes. */
  static final long NEVER = Long.MAX_VALUE;

  /** Hears of each answer. */
  interface Listener {
    void answered(Operation operation, long nanos);
  }

  private final String name;
  private final BootSchedule schedule;
  private final double pace;
  private final BusySession session;
  private final Listener listener;
  private final long[] begun;
  private int next;
  private int answered;
  private int firstTag;
  private long anchor;
  private long late;
  private long answeredAt;

  /**
   * @param pace by what the times in between are multiplied; 0 leaves none
   * @param session how it reaches its disk; this closes it
   */
  BootReplay(String name, BootSchedule schedule, double pace, Login session, Listener listener)
      throws IOException {
    this.name = name;
    this.schedule = schedule;
    this.pace = pace;
    this.listener = listener;
    this.begun = new long[schedule.size()];
    this.session = session.login(this::ended);
  }

  /** Logs in, and waits for it. */
  interface Login {
    BusySession login(BusySession.Listener listener) throws IOException;
  }

  String name() {
    return name;
  }

  BusySession session() {
    return session;
  }

  /** The first command may leave now. */
  void begin(long now) {
    anchor = now;
    answeredAt = now;
  }

  boolean done() {
    return answered == schedule.size();
  }

  int answered() {
    return answered;
  }

  /** Since when something has been waited for without any answer; now where nothing is. */
  long silentSince(long now) {
    return next > answered ? Math.max(answeredAt, begun[next - 1]) : now;
  }

  /**
   * Queues what may be asked for by now.
   *
   * @return when there will be more, or {@link #NEVER} when only an answer can bring it
   */
  long ask(long now) throws IOException {
    while (next < schedule.size() && answered >= schedule.after(next)) {
      long pause = (long) (schedule.pauseNanos(next) * pace);
      long made = Math.min(late, pause);
      long due = anchor + pause - made;
      if (due > now) {
        return due;
      }
      if (!session.mayCommand()) {
        return NEVER;
      }
      late = pause == 0 ? late : Math.min(LATE_NANOS, late - made + now - due);
      anchor = now;
      queue(schedule.operation(next), now);
    }
    return NEVER;
  }

  private void queue(Operation operation, long now) throws IOException {
    long lba = operation.offset() / BootTrace.BLOCK;
    int blocks = Math.toIntExact(operation.length() / BootTrace.BLOCK);
    int tag =
        switch (operation.kind()) {
          case READ -> session.read(lba, blocks);
          case WRITE -> session.write(lba, blocks);
          case FLUSH -> session.flush();
          case DISCARD -> session.discard(lba, blocks);
        };
    if (next == 0) {
      firstTag = tag;
    }
    begun[next++] = now;
  }

  /** Tags count up, and nobody else commands this session. */
  private void ended(int tag, int status) {
    Operation operation = schedule.operation(tag - firstTag);
    if (status != 0) {
      throw new IllegalStateException(
          "%s: %s ended with SCSI status %02Xh".formatted(name, operation, status));
    }
    long now = System.nanoTime();
    answered++;
    answeredAt = now;
    if (next < schedule.size() && answered <= schedule.after(next)) {
      anchor = now;
    }
    listener.answered(operation, now - begun[tag - firstTag]);
  }
}
