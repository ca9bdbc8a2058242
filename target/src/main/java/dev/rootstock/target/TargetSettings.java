// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.target.scsi.Limits;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * How a target listens.
 *
 * @param portals at least one, in at most {@link Limits#MAX_TARGET_PORTS} groups; servers of the
 *     same targets have different groups
 * @param loginTimeout how long a connection may take from its opening to the full feature phase,
 *     the answer of {@link Admission} included
 * @param eventLoops the number of threads that serve connections, at least 1
 * @param spin how long such a thread looks for more work after its last before it sleeps, up to
 *     {@link dev.rootstock.target.wire.Limits#SPIN}; zero for not at all
 * @param pacing whether connections are paced where the system's congestion control does that
 */
public record TargetSettings(
    List<Portal> portals, Duration loginTimeout, int eventLoops, Duration spin, boolean pacing) {
  public TargetSettings {
    portals = List.copyOf(portals);
    if (portals.isEmpty()) {
      throw new IllegalArgumentException("no address to listen on");
    }
    if (portals.stream().mapToInt(Portal::group).distinct().count() > Limits.MAX_TARGET_PORTS) {
      throw new IllegalArgumentException("more portal groups than target ports can be told of");
    }
    if (eventLoops < 1) {
      throw new IllegalArgumentException(eventLoops + " event loops");
    }
    if (spin.isNegative() || spin.compareTo(dev.rootstock.target.wire.Limits.SPIN) > 0) {
      throw new IllegalArgumentException("a spin of " + spin);
    }
  }

  /**
   * As many event loops as processors, a login time-out of 30 seconds, no spinning and no pacing.
   */
  public static TargetSettings of(List<Portal> portals) {
    return new TargetSettings(
        portals,
        Duration.ofSeconds(30),
        Runtime.getRuntime().availableProcessors(),
        Duration.ZERO,
        false);
  }

  /** The same, with all portals in one group. */
  public static TargetSettings listeningOn(InetSocketAddress... listen) {
    return of(Arrays.stream(listen).map(Portal::new).toList());
  }

  /** The same with another login time-out. */
  public TargetSettings withLoginTimeout(Duration timeout) {
    return new TargetSettings(portals, timeout, eventLoops, spin, pacing);
  }

  /** The same with another number of event loops. */
  public TargetSettings withEventLoops(int loops) {
    return new TargetSettings(portals, loginTimeout, loops, spin, pacing);
  }

  /** The same with another spin. */
  public TargetSettings withSpin(Duration longest) {
    return new TargetSettings(portals, loginTimeout, eventLoops, longest, pacing);
  }

  /** The same with or without pacing. */
  public TargetSettings withPacing(boolean paced) {
    return new TargetSettings(portals, loginTimeout, eventLoops, spin, paced);
  }
}
