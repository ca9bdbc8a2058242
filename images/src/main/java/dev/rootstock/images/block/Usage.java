// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

/**
 * How much of the store a device's client takes up, in bytes.
 *
 * @param allocatedBytes what its data and their tables take now
 * @param limitBytes what they may take; {@link Long#MAX_VALUE} when there is no limit. It may be
 *     below {@code allocatedBytes} when the limit has been lowered
 */
public record Usage(long allocatedBytes, long limitBytes) {

  /** What a device says that allocates nothing. */
  public static final Usage NONE = new Usage(0, Long.MAX_VALUE);
}
