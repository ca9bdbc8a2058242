// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import dev.rootstock.boot.trail.Trail.Mark;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The last boots of one client: the one that has logged in, and the start after it that has not.
 * They are apart because anybody can forge the packets of the latter: only a login makes it the
 * client's boot. Not for several threads at once; each method says whether it changed anything.
 */
final class ClientTrails {
  private @Nullable Trail boot;
  private @Nullable Trail attempt;

  /** What is over and not written yet; bounded as the file is. */
  private List<Trail> over = List.of();

  /** What the boot had moved before the counting that {@link Count} tells of began. */
  private long readBefore;

  private long writtenBefore;

  private boolean changed;

  /**
   * @param boots what was kept, the oldest first
   */
  ClientTrails(List<Trail> boots) {
    for (Trail each : boots) {
      if (each.loggedIn()) {
        boot = each;
        attempt = null;
        readBefore = each.readBytes();
        writtenBefore = each.writtenBytes();
      } else {
        attempt = each;
      }
    }
  }

  /** A step before a login. */
  boolean took(Step step, Mark mark) {
    Trail latest = shown().orElse(null);
    if (latest == null || !latest.continuesWith(step, mark.at())) {
      end(attempt);
      return start(Trail.begun(freshMoment(mark.at()), step, mark));
    }
    return attempt != null ? start(latest.with(step, mark)) : go(latest.with(step, mark));
  }

  private boolean start(Trail next) {
    boolean news = !next.equals(attempt);
    attempt = next;
    changed |= news;
    return news;
  }

  private boolean go(Trail next) {
    boolean news = !next.equals(boot);
    boot = next;
    changed |= news;
    return news;
  }

  private void end(@Nullable Trail trail) {
    if (trail != null) {
      over = TrailFiles.kept(Stream.concat(over.stream(), Stream.of(trail)).toList());
    }
  }

  /** A boot is known by the moment when it began, so no two have the same. */
  private Instant freshMoment(Instant now) {
    return Stream.concat(over.stream(), Stream.of(boot, attempt).filter(each -> each != null))
        .map(trail -> trail.began().plusMillis(1))
        .filter(now::isBefore)
        .max(Instant::compareTo)
        .orElse(now);
  }

  /**
   * A login. One of the boot that is known goes on with it; but firmware that comes after a new
   * start has begun says that its machine was started again, although the server knew too little to
   * make it a new boot. An operating system that comes back so lives, and the start was none of its
   * machine's.
   */
  boolean loggedIn(Step step, Count count, Mark mark) {
    boolean known = boot != null && boot.generation() == count.generation();
    if (boot != null && known && (attempt == null || step == Step.SYSTEM_LOGIN)) {
      end(attempt);
      attempt = null;
      return go(boot.withLogin(count.generation()).with(step, mark));
    }
    end(boot);
    Trail begun = attempt != null ? attempt : Trail.begun(freshMoment(mark.at()), step, mark);
    attempt = null;
    readBefore = -count.readBytes();
    writtenBefore = -count.writtenBytes();
    return go(begun.withLogin(count.generation()).with(step, mark));
  }

  /** A step of the boot of that number. */
  boolean took(long generation, Step step, Mark mark) {
    return boot != null && boot.generation() == generation && go(boot.with(step, mark));
  }

  boolean left(long generation, Mark mark) {
    return boot != null && boot.generation() == generation && go(boot.withLeft(mark));
  }

  boolean counted(Count count) {
    return boot != null
        && boot.generation() == count.generation()
        && go(boot.withBytes(readBefore + count.readBytes(), writtenBefore + count.writtenBytes()));
  }

  /** A machine says that it is ready; returns whether it speaks for one of these. */
  boolean ready(Predicate<Trail> meant, Mark mark) {
    if (attempt != null && meant.test(attempt)) {
      start(attempt.withWord(mark));
      return true;
    }
    if (boot != null && meant.test(boot)) {
      go(boot.withWord(mark));
      return true;
    }
    return false;
  }

  /** The last start. */
  Optional<Trail> shown() {
    return Optional.ofNullable(attempt != null ? attempt : boot);
  }

  /** The one whose operating system is at work: a boot with a session before a start without. */
  Optional<Trail> running() {
    return boot != null && boot.left() == null ? Optional.of(boot) : shown();
  }

  /** All that are in memory, the oldest first. */
  List<Trail> all() {
    List<Trail> all = new ArrayList<>(over);
    Stream.of(boot, attempt).filter(each -> each != null).forEach(all::add);
    return all;
  }

  /** What has to be written; from now on it counts as written. */
  Optional<List<Trail>> unwritten() {
    if (!changed) {
      return Optional.empty();
    }
    List<Trail> all = all();
    over = List.of();
    changed = false;
    return Optional.of(all);
  }
}
