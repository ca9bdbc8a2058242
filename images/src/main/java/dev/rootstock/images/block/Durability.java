// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.block;

/** What a completed write promises. */
public enum Durability {
  /** Survives the end of the server's process; power loss only after a flush. */
  CACHED,
  /** Survives power loss (SCSI's FUA bit). */
  FORCED
}
