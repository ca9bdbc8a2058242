// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.Inet4Address;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options 78 and 79 (RFC 2610), and 83 (RFC 4174). */
class DiscoveryOptionsTest {
  private static final Inet4Address ONE = Inet4Address.ofLiteral("10.77.0.1");
  private static final Inet4Address TWO = Inet4Address.ofLiteral("10.77.0.2");

  private static <T> void isWrittenAs(String hex, DhcpOption<T> option, T value) throws Exception {
    DhcpOptions written = DhcpOptions.builder().put(option, value).build();
    assertEquals(hex, HexFormat.of().formatHex(written.bytes(option.code()).orElseThrow()));
    assertEquals(value, written.get(option).orElseThrow());
  }

  private static void isRefused(DhcpOption<?> option, String hex) {
    DhcpOptions options =
        DhcpOptions.builder().put(option.code(), HexFormat.of().parseHex(hex)).build();
    assertThrows(MalformedDhcpException.class, () -> options.get(option));
  }

  @Test
  void areWrittenAsTheFiguresHaveThem() throws Exception {
    isWrittenAs(
        "000a4d00010a4d0002",
        DhcpOption.SLP_DIRECTORY_AGENTS,
        new SlpDirectoryAgents(false, List.of(ONE, TWO)));
    isWrittenAs("0144454641554c54", DhcpOption.SLP_SCOPES, new SlpScopes(true, "DEFAULT"));
    isWrittenAs("00", DhcpOption.SLP_SCOPES, new SlpScopes(false, ""));
    isWrittenAs(
        "0003" + "0001" + "0001" + "00000000" + "0a4d0001",
        DhcpOption.ISNS_SERVERS,
        IsnsServers.of(ONE));
    isWrittenAs(
        "0003" + "0005" + "0003" + "80000001" + "0a4d0001" + "0a4d0002",
        DhcpOption.ISNS_SERVERS,
        new IsnsServers(3, 5, 3, 0x8000_0001, List.of(ONE, TWO)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "00", "000a4d00", "000a4d000102"})
  void directoryAgentsAreWholeAddresses(String hex) {
    isRefused(DhcpOption.SLP_DIRECTORY_AGENTS, hex);
  }

  /** RFC 4174 §2: at least 14 bytes, and 18 with a heartbeat. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00030001000100000000",
        "000300010001000000000a4d00",
        "000300010001000000000a4d000102",
        "000300010003000000000a4d0001"
      })
  void isnsServersAreWholeAddresses(String hex) {
    isRefused(DhcpOption.ISNS_SERVERS, hex);
  }

  @Test
  void scopesHaveTheirFirstByte() {
    isRefused(DhcpOption.SLP_SCOPES, "");
  }
}
