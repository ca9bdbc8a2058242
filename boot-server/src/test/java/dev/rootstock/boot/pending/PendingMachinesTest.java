// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.clients.MacAddress;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PendingMachinesTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final UUID ID = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");

  private long nanos;
  private final PendingMachines machines =
      new PendingMachines(Clock.fixed(NOW, ZoneOffset.UTC), () -> nanos);

  private static MacAddress mac(int number) {
    return new MacAddress(0x525400000000L + number);
  }

  @Test
  void aMachineIsListedOnceWithAllThatItTold() {
    machines.asked(mac(1), Optional.of(ID), "architecture 7");
    machines.asked(mac(1), Optional.empty(), "");
    assertEquals(
        List.of(new PendingMachine(mac(1), Optional.of(ID), "architecture 7", NOW, NOW)),
        machines.all());
  }

  @Test
  void anApprovedMachineWaitsNoLonger() {
    machines.asked(mac(1), Optional.empty(), "");
    machines.forget(mac(1));
    assertEquals(Optional.empty(), machines.find(mac(1)));
  }

  @Test
  void aFloodOfForgedMachinesIsBoundedInRateAndNumber() {
    for (int number = 1; number <= 100_000; number++) {
      machines.asked(mac(number), Optional.empty(), "");
    }
    assertEquals(PendingMachines.BURST, machines.all().size());
    for (int number = 1; number <= 10_000; number++) {
      nanos += 1_000_000_000L;
      machines.asked(mac(200_000 + number), Optional.empty(), "");
    }
    assertEquals(PendingMachines.MOST, machines.all().size());
  }
}
