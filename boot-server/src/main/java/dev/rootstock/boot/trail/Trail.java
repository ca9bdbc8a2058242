// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One start of a machine as far as we have seen it.
 *
 * @param began when, to the millisecond; no two boots of a client have the same
 * @param generation the boot's number, 0 while nobody has logged in
 * @param marks when each step was taken first; at least one
 * @param readBytes what its machine has read from its disks
 * @param writtenBytes what it has written to them
 * @param left when its last session ended and why; null while it has one, or never had one
 */
public record Trail(
    Instant began,
    long generation,
    Map<Step, Mark> marks,
    long readBytes,
    long writtenBytes,
    @Nullable Mark left) {

  /** How {@link Step#READY} is shown where its system did not say so itself. */
  public static final String FIRST_WRITE = "first write";

  /** Firmware that asks this long after the last step has been switched on anew. */
  private static final Duration SAME_START = Duration.ofMinutes(2);

  /**
   * One step.
   *
   * @param at when
   * @param detail an address, an architecture, a file with its size: for people, may be empty
   */
  public record Mark(Instant at, String detail) {}

  public Trail {
    marks = Collections.unmodifiableMap(new EnumMap<>(marks));
  }

  static Trail begun(Instant began, Step step, Mark mark) {
    return new Trail(began, 0, new EnumMap<>(Map.of(step, mark)), 0, 0, null);
  }

  /** The step that was taken last. */
  public Map.Entry<Step, Mark> latest() {
    return marks.entrySet().stream()
        .max(
            (a, b) -> {
              int byTime = a.getValue().at().compareTo(b.getValue().at());
              return byTime != 0 ? byTime : a.getKey().compareTo(b.getKey());
            })
        .orElseThrow();
  }

  boolean has(Step step) {
    return marks.containsKey(step);
  }

  /** Whether anybody has logged in, so that it is one of the client's boots for good. */
  boolean loggedIn() {
    return has(Step.FIRMWARE_LOGIN) || has(Step.SYSTEM_LOGIN);
  }

  /**
   * Whether a step before a login belongs to this start. Firmware asks for an address first: when
   * it does so after iPXE or anybody has come further, or after a long time, its machine was
   * started again.
   */
  boolean continuesWith(Step step, Instant at) {
    boolean old = Duration.between(latest().getValue().at(), at).compareTo(SAME_START) > 0;
    return switch (step) {
      case FIRMWARE_DHCP -> !old && latest().getKey() == Step.FIRMWARE_DHCP;
      case IPXE_DHCP -> !old && !loggedIn();
      case PROGRAM, SCRIPT -> !old && !has(Step.SYSTEM_LOGIN);
      case FIRMWARE_LOGIN, FIRST_READ, SYSTEM_LOGIN, READY -> true;
    };
  }

  /** This start with one more step; one that was taken before keeps its first time. */
  Trail with(Step step, Mark mark) {
    if (marks.containsKey(step)) {
      return this;
    }
    EnumMap<Step, Mark> more = new EnumMap<>(marks);
    more.put(step, mark);
    return new Trail(began, generation, more, readBytes, writtenBytes, left);
  }

  /** This start with its system's own word that it is ready, which counts more than a write. */
  Trail withWord(Mark mark) {
    Mark known = marks.get(Step.READY);
    if (known != null && !known.detail().equals(FIRST_WRITE)) {
      return this;
    }
    EnumMap<Step, Mark> more = new EnumMap<>(marks);
    more.put(Step.READY, mark);
    return new Trail(began, generation, more, readBytes, writtenBytes, left);
  }

  /** This start as the boot of that number, which has a session. */
  Trail withLogin(long number) {
    return new Trail(began, number, marks, readBytes, writtenBytes, null);
  }

  Trail withBytes(long read, long written) {
    return new Trail(began, generation, marks, read, written, left);
  }

  Trail withLeft(Mark mark) {
    return new Trail(began, generation, marks, readBytes, writtenBytes, mark);
  }

  /**
   * What a person should look at, where the machine has not come to its operating system.
   *
   * @param refused why its last login was refused, since this start
   * @param now the present
   * @return empty where all is well, or where it is too early to say
   */
  public Optional<String> stopped(Optional<String> refused, Instant now) {
    if (has(Step.SYSTEM_LOGIN) || has(Step.READY)) {
      return Optional.empty();
    }
    if (refused.isPresent()) {
      return Optional.of("its login is refused: " + refused.get());
    }
    if (Duration.between(latest().getValue().at(), now).compareTo(SAME_START) < 0) {
      return Optional.empty();
    }
    return Optional.of(place() + (left == null ? "" : "; its session ended: " + left.detail()));
  }

  private String place() {
    return switch (latest().getKey()) {
      case FIRMWARE_DHCP ->
          "after the firmware's DHCP: it loaded no program; is 'tftp' on, and is there a program"
              + " for its kind?";
      case PROGRAM -> "after it loaded its program, which never asked for an address";
      case IPXE_DHCP -> "after iPXE's DHCP: no login came; does the machine reach the iSCSI port?";
      case SCRIPT -> "after it fetched its script: no login came; its screen says why";
      case FIRMWARE_LOGIN ->
          "after the firmware's login: nothing was read from the disk; does the machine boot from"
              + " it at all?";
      case FIRST_READ ->
          "after the firmware read from the disk: no operating system logged in; is there a boot"
              + " loader on it, and does its initramfs have an iSCSI initiator?";
      case SYSTEM_LOGIN, READY -> "";
    };
  }
}
