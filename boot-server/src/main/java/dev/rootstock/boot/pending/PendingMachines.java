// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.RateLimit;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * The machines that wait. In memory only: a machine that is still there asks again. A flood of
 * forged packets adds few entries a second, and pushes out first what has not asked for longest.
 */
public final class PendingMachines {
  /** Machines that are listed. */
  static final int MOST = 1_024;

  /** New ones: a rack that is switched on, and then one a second. */
  static final int BURST = 256;

  private static final double PER_SECOND = 1;

  private final Clock clock;
  private final RateLimit additions;
  private final Bounded<MacAddress, PendingMachine> machines = new Bounded<>(MOST);

  public PendingMachines() {
    this(Clock.systemUTC(), System::nanoTime);
  }

  PendingMachines(Clock clock, LongSupplier nanoTime) {
    this.clock = clock;
    this.additions = new RateLimit(BURST, PER_SECOND, nanoTime);
  }

  /** A machine asked. What cannot be read, or comes from no card of a machine, is left out. */
  public void asked(DhcpPacket packet) {
    if (packet.chaddr().type() != HardwareAddress.ETHERNET) {
      return;
    }
    try {
      asked(
          MacAddress.of(packet.chaddr().bytes()),
          packet.options().get(DhcpOption.MACHINE_ID).flatMap(id -> id),
          kind(packet.options()));
    } catch (MalformedDhcpException | InvalidClientException e) {
      // Nobody whom one could approve.
    }
  }

  private static String kind(DhcpOptions options) throws MalformedDhcpException {
    String architecture =
        options
            .get(DhcpOption.ARCHITECTURES)
            .map(all -> ", architecture " + all.getFirst().code())
            .orElse("");
    return switch (BootStage.of(options)) {
      case IPXE -> "iPXE" + architecture;
      case FIRMWARE -> "firmware" + architecture;
      case SYSTEM -> "";
    };
  }

  /**
   * A machine asked.
   *
   * @param kind its firmware in a few words, empty for an operating system
   */
  synchronized void asked(MacAddress mac, Optional<UUID> uuid, String kind) {
    Instant now = clock.instant();
    PendingMachine known = machines.get(mac);
    if (known != null) {
      // Its initramfs tells less than its firmware did.
      machines.put(
          mac,
          new PendingMachine(
              mac, uuid.or(known::uuid), kind.isEmpty() ? known.kind() : kind, known.first(), now));
    } else if (additions.tryTake()) {
      machines.put(mac, new PendingMachine(mac, uuid, kind, now, now));
    }
  }

  /** Those that wait, the latest that asked first. */
  public synchronized List<PendingMachine> all() {
    return machines.values().stream()
        .sorted(Comparator.comparing(PendingMachine::last).reversed())
        .toList();
  }

  /** The machine with that card, if it waits. */
  public synchronized Optional<PendingMachine> find(MacAddress mac) {
    return Optional.ofNullable(machines.get(mac));
  }

  /** It waits no longer. */
  public synchronized void forget(MacAddress mac) {
    machines.remove(mac);
  }
}
