// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.net.Inet4Address;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Looks whether a machine answers at an address. */
interface AddressProbe extends AutoCloseable {
  /** Looks nowhere. */
  AddressProbe NONE =
      new AddressProbe() {
        @Override
        public CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address) {
          return CompletableFuture.completedFuture(Optional.empty());
        }

        @Override
        public void close() {}
      };

  /**
   * Looks. Does not wait.
   *
   * @return who answers, a network card's address where that is known; empty where nobody does
   *     within {@link Limits#PROBE_MILLIS}, and at once where it cannot be asked. Completes on any
   *     thread, and never fails
   */
  CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address);

  @Override
  void close();
}
