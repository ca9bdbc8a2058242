// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentitiesTest {
  private static final UUID INSTALLATION = UUID.fromString("0f3c9a52-7d1e-4b86-9c2f-5a6e8d7b1c04");
  private static final ClientName ALPHA = new ClientName("alpha");

  static List<String> samples() throws Exception {
    try (InputStream in =
        Objects.requireNonNull(IdentitiesTest.class.getResourceAsStream("identities.golden"))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void namesThatClientsRememberNeverChange(String sample) {
    List<String> fields = List.of(sample.split(" "));
    Identities identities = new Identities(UUID.fromString(fields.get(0)), null);
    ClientName client = new ClientName(fields.get(1));
    int lun = Integer.parseInt(fields.get(2));
    assertEquals(fields.get(3), identities.target(client));
    assertEquals(fields.get(4), identities.initiator(client).value());
    assertEquals(fields.get(5), Long.toHexString(identities.naa(client, lun)));
    assertEquals(fields.get(6), identities.serial(client, lun));
  }

  @Test
  void aConfiguredPrefixIsUsedAsItIs() {
    Identities identities = new Identities(INSTALLATION, "iqn.2001-04.com.example:boot");
    assertEquals("iqn.2001-04.com.example:boot:alpha", identities.target(ALPHA));
    assertEquals(
        "iqn.2001-04.com.example:boot:alpha:initiator", identities.initiator(ALPHA).value());
  }

  @Test
  void aConfiguredPrefixLeavesTheUnitsIdentityAlone() {
    assertEquals(
        new Identities(INSTALLATION, null).naa(ALPHA, 0),
        new Identities(INSTALLATION, "iqn.2001-04.com.example").naa(ALPHA, 0));
  }

  @Test
  void aTargetNameLeadsBackToItsClientInAnyCase() {
    Identities identities = new Identities(INSTALLATION, null);
    assertEquals(
        Optional.of(ALPHA), identities.clientOf("IQN.2026-11.dev.rootstock:0F3C9A52:alpha"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iqn.2026-11.dev.rootstock:0f3c9a53:alpha",
        "iqn.2026-11.dev.rootstock:0f3c9a52",
        "iqn.2026-11.dev.rootstock:0f3c9a52:",
        "iqn.2026-11.dev.rootstock:0f3c9a52:a..b",
        "iqn.2026-11.dev.rootstock:0f3c9a52:alpha:initiator",
        ""
      })
  void otherTargetNamesAreNobodys(String name) {
    assertEquals(Optional.empty(), new Identities(INSTALLATION, null).clientOf(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "iqn",
        "iqn.2026-13.com.example",
        "iqn.2026-11.com.Example",
        "eui.0123",
        "iqn.2026-11.a:"
      })
  void whatBeginsNoIscsiNameIsNoPrefix(String prefix) {
    assertThrows(InvalidClientException.class, () -> new Identities(INSTALLATION, prefix));
  }

  /** RFC 7143 §4.2.7.2: 223 bytes, of which ":initiator" takes ten. */
  @Test
  void aNameFitsUpToTheLastByteOfTheInitiatorName() {
    String prefix = "iqn.2026-11." + "a".repeat(223 - 12 - ":alpha:initiator".length());
    new Identities(INSTALLATION, prefix).checkFits(ALPHA, null);
    assertEquals(223, new Identities(INSTALLATION, prefix).initiator(ALPHA).value().length());
    Identities longer = new Identities(INSTALLATION, prefix + "a");
    String message =
        assertThrows(InvalidClientException.class, () -> longer.checkFits(ALPHA, null))
            .getMessage();
    assertTrue(String.valueOf(message).contains("224 bytes"), message);
  }

  /** RFC 4173 §5: the root path has to fit option 17, whatever port the server gets. */
  @Test
  void aNameThatIsTooLongBehindAnIpv6AddressIsRefused() throws Exception {
    String server = "[2001:0db8:0000:0000:0000:0000:0000:0001]";
    int rest =
        RootPath.of(ServerName.parse(server), 65535, Lun.ZERO, IscsiName.parse("iqn.2026-11.a"))
                .toString()
                .length()
            - "iqn.2026-11.a".length();
    String prefix = "iqn.2026-11." + "a".repeat(255 - rest - 12 - ":alpha".length());
    Identities fits = new Identities(INSTALLATION, prefix);
    fits.checkFits(ALPHA, server);
    assertEquals(
        255,
        RootPath.of(ServerName.parse(server), 65535, Lun.ZERO, IscsiName.parse(fits.target(ALPHA)))
            .toString()
            .length());
    Identities longer = new Identities(INSTALLATION, prefix + "a");
    String message =
        assertThrows(InvalidClientException.class, () -> longer.checkFits(ALPHA, server))
            .getMessage();
    assertTrue(String.valueOf(message).contains("256 bytes"), message);
  }
}
