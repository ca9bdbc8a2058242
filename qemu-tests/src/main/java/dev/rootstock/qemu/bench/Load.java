// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.util.List;

/** A load that somebody else's tool makes, which tells how much it got done but no latencies. */
sealed interface Load permits IscsiPerf, QemuBench {

  /** Loads a server's disk. */
  Trial on(Served server);

  /** The same accesses, of the same size and depth, by our own initiator. */
  Sessions ours();

  /** Loads a server's disk with our own initiator, which tells latencies. */
  default Trial latency(Served server) {
    return ours().on(server.process(), List.of(server.disk()));
  }
}
