// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.util.concurrent.CompletionStage;

/** Where leases are kept over restarts and crashes. */
interface LeaseWriter {
  /**
   * Keeps a lease, or its new end. Does not wait.
   *
   * @return completes when it is durable, on any thread; fails where it cannot be written
   */
  CompletionStage<Void> write(Lease lease);
}
