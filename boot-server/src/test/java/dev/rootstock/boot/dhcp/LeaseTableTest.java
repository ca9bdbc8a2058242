// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.ClientIdentifier;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The bounds of the leases and of the offers. */
class LeaseTableTest {
  private static final Inet4Address FIRST = address(0);

  private long now = 1_000;
  private final LeaseTable table = new LeaseTable(() -> now);

  private static Inet4Address address(int index) {
    return AddressRange.address(0x0A00_0000L + index);
  }

  @Test
  void whatEndedFirstMakesRoom() {
    for (int i = 0; i < Limits.LEASES; i++) {
      table.put(new Lease(address(i), "holder" + i, now + 10 + i));
    }
    assertFalse(table.hasRoom(), "all of them run");

    now += 11;
    assertTrue(table.hasRoom());
    table.put(new Lease(address(Limits.LEASES), "one more", now + 10));
    assertEquals(Limits.LEASES, table.all().size());
    assertEquals(Optional.empty(), table.at(FIRST));
    assertTrue(table.of("one more").isPresent());
  }

  /**
   * A packet holds an identifier of a thousand bytes, and the table tens of thousands of leases.
   */
  @Test
  void aLongIdentifierMakesNoLongHolder() {
    String one = holder(1_000, 1);
    assertTrue(one.length() < 100, one);
    assertEquals(one, holder(1_000, 1));
    assertNotEquals(one, holder(1_000, 2));
    assertNotEquals(holder(Limits.CLIENT_ID, 1), holder(Limits.CLIENT_ID, 2));
  }

  private static String holder(int length, int last) {
    ClientIdentifier id = new ClientIdentifier(0, "00".repeat(length - 2) + "%02x".formatted(last));
    DhcpSubnet subnet =
        new DhcpSubnet("br0", address(1), 24, Optional.empty(), Optional.empty(), List.of());
    Request request =
        Request.of(MessageType.DISCOVER, "52:54:00:ff:00:01").with(DhcpOption.CLIENT_ID, id);
    return Lease.holder(request.packet(), subnet);
  }

  @Test
  void theOldestOfTooManyOffersGoes() {
    for (int i = 0; i <= Limits.OFFERS; i++) {
      table.offer("holder" + i, address(i));
    }
    assertEquals(Limits.OFFERS, table.offers());
    assertFalse(table.isHeld(FIRST));
    assertEquals(Optional.of(address(1)), table.offeredTo("holder1"));
  }

  @Test
  void aHolderHasOneOfferAndAnAddressOneHolder() {
    table.offer("one", address(1));
    table.offer("one", address(2));
    assertFalse(table.isHeld(address(1)));
    table.offer("two", address(2));
    assertEquals(Optional.empty(), table.offeredTo("one"));
    assertTrue(table.isHeldByOther(address(2), "one"));
    assertEquals(1, table.offers());
  }
}
