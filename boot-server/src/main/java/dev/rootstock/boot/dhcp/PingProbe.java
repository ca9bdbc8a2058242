// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import java.io.IOException;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Pings addresses behind relay agents, where ARP does not reach: by an ICMP echo where the JDK may
 * send one, else by a TCP connection to the echo port, which a living machine refuses.
 */
final class PingProbe implements AddressProbe {
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          Limits.PING_THREADS,
          Limits.PING_THREADS,
          1,
          TimeUnit.MINUTES,
          new ArrayBlockingQueue<>(Limits.PING_THREADS),
          Thread.ofPlatform().name("ping-", 0).daemon().factory());

  PingProbe() {
    threads.allowCoreThreadTimeOut(true);
  }

  @Override
  public CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address) {
    CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> answer.complete(ping(address)));
    } catch (RejectedExecutionException e) {
      answer.complete(Optional.empty()); // too many wait: an offer must not be late for this
    }
    return answer;
  }

  private static Optional<String> ping(Inet4Address address) {
    try {
      return address.isReachable(Limits.PROBE_MILLIS)
          ? Optional.of("another machine")
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // no way there: whoever has it is nobody's neighbour
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
