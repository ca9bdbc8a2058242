// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.dhcp.MachineKeys.Relay;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is read of a machine out of its packet: RFC 4578 §2.3, RFC 3046 §3. */
class MachineKeysTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final UUID ID = UUID.fromString("4c4c4544-0051-3610-8052-b4c04f4d4d32");
  private static final byte[] CIRCUIT_AND_REMOTE = {
    1, 4, 'e', 't', 'h', '0', 2, 2, 0x0A, (byte) 0xFF
  };

  @Test
  void everyKeyOfAPacketIsRead() {
    IscsiName name = new IscsiName("iqn.2010-04.org.ipxe:alpha");
    DhcpPacket packet =
        Request.of(DISCOVER, MAC)
            .giaddr("10.88.0.254")
            .with(DhcpOption.MACHINE_ID, Optional.of(ID))
            .with(DhcpOption.INITIATOR_NAME, name.value())
            .with(DhcpOption.RELAY_AGENT, CIRCUIT_AND_REMOTE)
            .packet();

    assertEquals(
        new MachineKeys(
            HardwareAddress.ethernet(MAC),
            Optional.of(ID),
            Optional.of(name),
            Optional.of(
                new Relay(
                    Inet4Address.ofLiteral("10.88.0.254"),
                    Optional.of("65746830"),
                    Optional.of("0aff")))),
        MachineKeys.of(packet));
  }

  /** Anybody on our own link can write an option 82; only a relay agent's is worth anything. */
  @Test
  void aCircuitWithoutARelayIsNone() {
    assertEquals(
        Optional.empty(),
        MachineKeys.of(
                Request.of(DISCOVER, MAC).with(DhcpOption.RELAY_AGENT, CIRCUIT_AND_REMOTE).packet())
            .relay());
  }

  @Test
  void whatCannotBeReadIsLeftOut() {
    DhcpPacket packet =
        Request.of(DISCOVER, MAC)
            .giaddr("10.88.0.254")
            .packet()
            .withOptions(
                DhcpOptions.builder()
                    .put(DhcpOption.MESSAGE_TYPE, MessageType.DISCOVER)
                    .put(DhcpOption.MACHINE_ID.code(), new byte[] {0, 1, 2})
                    .put(DhcpOption.INITIATOR_NAME.code(), new byte[] {'x'})
                    .put(DhcpOption.RELAY_AGENT.code(), new byte[] {1, 9, 'e'})
                    .build());

    assertEquals(
        new MachineKeys(
            HardwareAddress.ethernet(MAC),
            Optional.empty(),
            Optional.empty(),
            Optional.of(
                new Relay(
                    Inet4Address.ofLiteral("10.88.0.254"), Optional.empty(), Optional.empty()))),
        MachineKeys.of(packet));
  }
}
