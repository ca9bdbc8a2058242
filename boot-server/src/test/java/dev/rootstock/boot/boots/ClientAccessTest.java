// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClientAccessTest {
  private static final InitiatorName GIVEN = new InitiatorName("iqn.2026-11.dev.rootstock:c1:i");
  private static final String OTHER = "iqn.1993-08.org.debian:01:abc";
  private static final Inet4Address HOME = (Inet4Address) InetAddress.ofLiteral("10.77.0.20");
  private static final InetAddress ELSEWHERE = InetAddress.ofLiteral("10.77.0.21");

  private static Registration client(
      List<String> macs,
      List<String> initiators,
      @Nullable Inet4Address address,
      @Nullable Inet4Address lease) {
    return new Registration(
        new Client(
            new ClientName("c1"),
            macs.stream().map(MacAddress::parse).toList(),
            null,
            initiators.stream().map(InitiatorName::new).toList(),
            ImageReference.parse("debian"),
            Mode.PERSISTENT,
            address,
            OptionalLong.empty()),
        lease,
        null,
        null,
        Map.of(),
        List.of(),
        false);
  }

  private static boolean allowed(Registration client, boolean dhcp, String name, InetAddress from) {
    return ClientAccess.refusal(client, GIVEN, dhcp, name, from).isEmpty();
  }

  private static final List<String> CARD = List.of("52:54:00:77:00:01");

  @Test
  void aClientWithoutKeysIsOpen() {
    assertTrue(allowed(client(List.of(), List.of(), null, null), true, OTHER, ELSEWHERE));
  }

  @Test
  void anInitiatorNameIsEnoughFromAnywhereAndNothingElseIs() {
    Registration named = client(CARD, List.of(OTHER), HOME, null);
    assertTrue(allowed(named, true, OTHER.toUpperCase(Locale.ROOT), ELSEWHERE));
    assertFalse(allowed(named, true, GIVEN.value(), HOME));
  }

  @Test
  void aMachineIsKnownByTheNameThatItIsGivenAndItsAddress() {
    Registration leased = client(CARD, List.of(), null, HOME);
    assertTrue(allowed(leased, true, GIVEN.value(), HOME));
    assertFalse(allowed(leased, true, GIVEN.value(), ELSEWHERE));
    assertFalse(allowed(leased, true, OTHER, HOME));
  }

  @Test
  void aMachineThatNeverAskedOurDhcpServerCannotLogIn() {
    assertFalse(allowed(client(CARD, List.of(), null, null), true, GIVEN.value(), ELSEWHERE));
  }

  @Test
  void withAnotherDhcpServerOnlyAConfiguredAddressCanBeChecked() {
    assertTrue(allowed(client(CARD, List.of(), null, HOME), false, GIVEN.value(), ELSEWHERE));
    Registration fixed = client(CARD, List.of(), HOME, null);
    assertTrue(allowed(fixed, false, GIVEN.value(), HOME));
    assertFalse(allowed(fixed, false, GIVEN.value(), ELSEWHERE));
  }
}
