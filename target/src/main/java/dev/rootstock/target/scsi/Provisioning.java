// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Usage;

/**
 * Logical block provisioning (SBC-3, logical block provisioning): whether blocks can be given up,
 * and how much room is left for those that are kept. {@link BlockDevice#discard} promises that what
 * was given up reads as zeros afterwards, which is LBPRZ.
 *
 * <p>There is one threshold, a soft one: when less than a tenth of the client's quota is left,
 * every nexus gets the unit attention THIN PROVISIONING SOFT THRESHOLD REACHED, once until there is
 * more again. Without a quota there is no threshold.
 */
final class Provisioning {
  /** THRESHOLD RESOURCE, and the parameters of the log page: resources that are left, and used. */
  static final int AVAILABLE = 1;

  static final int USED = 2;

  /** The part of the quota at which the threshold stands. */
  private static final int THRESHOLD_DIVISOR = 10;

  private Provisioning() {}

  /** A read-only disk gives nothing up and so offers none of it. */
  static boolean offered(DeviceServer server) {
    return !server.readOnly();
  }

  /** A threshold set, in which resources are counted, is 2 to this power blocks. */
  static int thresholdExponent(DeviceServer server) {
    return Long.numberOfTrailingZeros(server.blocksIn(Limits.THRESHOLD_SET_BYTES));
  }

  static boolean limited(Usage usage) {
    return usage.limitBytes() != Long.MAX_VALUE;
  }

  /** How many threshold sets are left, at most what 32 bits hold. */
  static long available(Usage usage) {
    return sets(Math.max(0, usage.limitBytes() - usage.allocatedBytes()));
  }

  static long used(Usage usage) {
    return sets(usage.allocatedBytes());
  }

  /** The THRESHOLD COUNT: of threshold sets that are left. */
  static long threshold(Usage usage) {
    return sets(usage.limitBytes() / THRESHOLD_DIVISOR);
  }

  private static long sets(long bytes) {
    return Math.min(bytes / Limits.THRESHOLD_SET_BYTES, 0xFFFF_FFFFL);
  }

  /**
   * Looks at what is left before a command that may allocate, and after one that works in steps:
   * the threshold may have been passed by it.
   */
  static Plan watched(DeviceServer server, Plan plan) {
    return switch (plan) {
      case Plan.Outcome outcome -> outcome;
      case Plan.ReadBlocks reading -> reading;
      case Plan.WriteBlocks writing -> {
        watch(server);
        yield writing;
      }
      case Plan.Receive(int length, Plan.Continuation then, int memory) ->
          new Plan.Receive(
              length, (data, done) -> then.received(data, watching(server, done)), memory);
      case Plan.Later(Plan.Action action, int memory) ->
          new Plan.Later(done -> action.start(watching(server, done)), memory);
    };
  }

  /** Looks now, and again at the end. */
  static Plan.Completion watching(DeviceServer server, Plan.Completion done) {
    watch(server);
    return done.through(
        outcome -> {
          watch(server);
          done.ended(outcome);
        });
  }

  private static void watch(DeviceServer server) {
    if (!server.modes().provisioningErrors()) {
      return;
    }
    Usage usage = server.device().usage();
    boolean reached = limited(usage) && available(usage) < threshold(usage);
    server.state().thresholdReached(reached);
  }
}
