// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.wire.Limits;

/**
 * How long task management waits for initiators that do not do what they have to, in milliseconds.
 * Servers wait {@link #NORMAL}ly; a test of the order of responses waits longer, so that it does
 * not depend on how fast the machine is.
 *
 * @param fence for the acknowledgement of responses, as {@link Limits#FENCE_MILLIS}
 * @param data for data that were asked for, as {@link Limits#ABORT_DATA_MILLIS}
 */
public record Waits(int fence, int data) {
  public static final Waits NORMAL = new Waits(Limits.FENCE_MILLIS, Limits.ABORT_DATA_MILLIS);
}
