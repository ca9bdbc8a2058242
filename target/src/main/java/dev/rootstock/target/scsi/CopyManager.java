// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What RECEIVE COPY RESULTS can tell of the copies of one nexus (SPC-4 §5.17.4): those that run,
 * and the last few that have ended, by their list identifier. A nexus that is lost takes its own
 * along.
 *
 * <p>The session's event loop begins copies and asks; the device's threads report how they go.
 */
final class CopyManager {

  /** COPY MANAGER STATUS. */
  enum Status {
    RUNNING(0),
    COMPLETED(1),
    FAILED(2);

    private final int code;

    Status(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** One copy. */
  static final class Copy {
    private Status status = Status.RUNNING;
    private int segments;
    private long bytes;
    private @Nullable Sense failure;

    /** More was copied. */
    synchronized void copied(long more) {
      bytes += more;
    }

    /** A segment is complete. */
    synchronized void segmentDone() {
      segments++;
    }

    synchronized void ended(@Nullable Sense why) {
      status = why == null ? Status.COMPLETED : Status.FAILED;
      failure = why;
    }

    synchronized Status status() {
      return status;
    }

    /** Segments that were processed. */
    synchronized int segments() {
      return segments;
    }

    /** Bytes that were written. */
    synchronized long bytes() {
      return bytes;
    }

    /** Why it failed, or null. */
    synchronized @Nullable Sense failure() {
      return failure;
    }
  }

  private final Map<Integer, Copy> copies = new LinkedHashMap<>();

  /** Whether a copy of this identifier is under way. */
  synchronized boolean isRunning(int listIdentifier) {
    Copy copy = copies.get(listIdentifier);
    return copy != null && copy.status() == Status.RUNNING;
  }

  /**
   * Begins a copy.
   *
   * @return null when one of this identifier runs, or as many as can
   */
  synchronized @Nullable Copy begin(int listIdentifier) {
    if (isRunning(listIdentifier)) {
      return null;
    }
    copies.remove(listIdentifier);
    copies
        .entrySet()
        .removeIf(
            entry ->
                copies.size() >= Limits.MAX_COPY_RESULTS
                    && entry.getValue().status() != Status.RUNNING);
    if (copies.size() >= Limits.MAX_COPY_RESULTS) {
      return null;
    }
    Copy copy = new Copy();
    copies.put(listIdentifier, copy);
    return copy;
  }

  /** What is known of a copy, or null. */
  synchronized @Nullable Copy find(int listIdentifier) {
    return copies.get(listIdentifier);
  }
}
