// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * One start of a machine as far as we have seen it.
 *
 * @param marks when each step was taken first; at least one
 */
public record Trail(Map<Step, Mark> marks) {

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

  static Trail begun(Step step, Mark mark) {
    return new Trail(new EnumMap<>(Map.of(step, mark)));
  }

  /** When it began. */
  public Instant started() {
    return marks.values().stream().map(Mark::at).min(Instant::compareTo).orElseThrow();
  }

  /** The step that was taken last. */
  public Map.Entry<Step, Mark> latest() {
    return marks.entrySet().stream()
        .max((a, b) -> a.getValue().at().compareTo(b.getValue().at()))
        .orElseThrow();
  }

  /**
   * Whether a step belongs to this start. Firmware asks for an address first: when it does so after
   * iPXE or anybody has come further, or after a long time, its machine was started again.
   */
  boolean continuesWith(Step step, Instant at) {
    boolean old = Duration.between(latest().getValue().at(), at).compareTo(SAME_START) > 0;
    return switch (step) {
      case FIRMWARE_DHCP -> !old && latest().getKey() == Step.FIRMWARE_DHCP;
      case IPXE_DHCP ->
          !old && !marks.containsKey(Step.FIRMWARE_LOGIN) && !marks.containsKey(Step.SYSTEM_LOGIN);
      case PROGRAM, SCRIPT, FIRMWARE_LOGIN, SYSTEM_LOGIN -> true;
    };
  }

  /** This start with one more step; one that was taken before keeps its first time. */
  Trail with(Step step, Mark mark) {
    if (marks.containsKey(step)) {
      return this;
    }
    EnumMap<Step, Mark> more = new EnumMap<>(marks);
    more.put(step, mark);
    return new Trail(more);
  }

  /**
   * What a person should look at, where the machine has not come to its operating system.
   *
   * @param refused why its last login was refused, since this start
   * @param now the present
   * @return empty where all is well, or where it is too early to say
   */
  public Optional<String> stopped(Optional<String> refused, Instant now) {
    if (marks.containsKey(Step.SYSTEM_LOGIN)) {
      return Optional.empty();
    }
    if (refused.isPresent()) {
      return Optional.of("its login is refused: " + refused.get());
    }
    if (Duration.between(latest().getValue().at(), now).compareTo(SAME_START) < 0) {
      return Optional.empty();
    }
    return Optional.of(
        switch (latest().getKey()) {
          case FIRMWARE_DHCP ->
              "after the firmware's DHCP: it loaded no program; is 'tftp' on, and is there a program"
                  + " for its kind?";
          case PROGRAM -> "after it loaded its program, which never asked for an address";
          case IPXE_DHCP ->
              "after iPXE's DHCP: no login came; does the machine reach the iSCSI port?";
          case SCRIPT -> "after it fetched its script: no login came; its screen says why";
          case FIRMWARE_LOGIN ->
              "after the firmware's login: no operating system logged in; does its initramfs have"
                  + " an iSCSI initiator?";
          case SYSTEM_LOGIN -> "";
        });
  }
}
