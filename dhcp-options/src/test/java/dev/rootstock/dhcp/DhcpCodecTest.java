// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DhcpCodecTest {
  private static final int OPTIONS_AT = 240;
  private static final List<String> GOLDEN =
      List.of(
          "ipxe-bios-discover.bin",
          "ipxe-bios-request.bin",
          "ipxe-uefi-discover.bin",
          "ipxe-uefi-request.bin",
          "uefi-pxe-discover.bin",
          "ipconfig-discover.bin",
          "rfc3396-split.bin",
          "overload-both.bin",
          "userclass-rfc3004.bin",
          "relayed-discover.bin");

  @Test
  void readsWhatIpxeSends() throws Exception {
    DhcpPacket packet = Golden.packet("ipxe-bios-discover.bin");
    DhcpOptions options = packet.options();

    assertFalse(packet.reply());
    assertFalse(packet.wantsBroadcast());
    assertEquals(HardwareAddress.ethernet("52:54:00:77:00:01"), packet.chaddr());
    assertEquals(0x992ab911, packet.xid());
    assertEquals(Optional.of(MessageType.DISCOVER), packet.messageType());
    assertEquals(Optional.of(1472), options.get(DhcpOption.MAX_MESSAGE_SIZE));
    assertEquals(
        Optional.of(List.of(ClientArchitecture.BIOS)), options.get(DhcpOption.ARCHITECTURES));
    assertEquals(
        Optional.of(new NetworkInterfaceId(1, 2, 1)), options.get(DhcpOption.NETWORK_INTERFACE));
    assertEquals(
        Optional.of("PXEClient:Arch:00000:UNDI:002001"), options.get(DhcpOption.VENDOR_CLASS));
    assertEquals(Optional.of(new UserClass(List.of("iPXE"))), options.get(DhcpOption.USER_CLASS));
    assertEquals(
        Optional.of(new ClientIdentifier(1, "525400770001")), options.get(DhcpOption.CLIENT_ID));
    assertEquals(Optional.of(Optional.of(new UUID(0, 0))), options.get(DhcpOption.MACHINE_ID));
    assertTrue(
        options
            .get(DhcpOption.PARAMETER_REQUEST_LIST)
            .orElseThrow()
            .containsAll(List.of(1, 3, 6, 12, 17, 175, 203)));
    // 17 is iPXE's "this build does iSCSI" (0x11), 24 is "BIOS or EFI".
    assertEquals("01", options.get(DhcpOption.IPXE).orElseThrow().values().get(0x11));
  }

  @Test
  void readsTheUefiArchitecture() throws Exception {
    assertEquals(
        Optional.of(List.of(ClientArchitecture.UEFI_X64)),
        Golden.packet("ipxe-uefi-discover.bin").options().get(DhcpOption.ARCHITECTURES));
  }

  @Test
  void readsTheRequestThatFollows() throws Exception {
    DhcpOptions options = Golden.packet("ipxe-bios-request.bin").options();

    assertEquals(Optional.of(MessageType.REQUEST), options.get(DhcpOption.MESSAGE_TYPE));
    assertEquals(Optional.of(Golden.ip("10.0.2.2")), options.get(DhcpOption.SERVER_ID));
    assertEquals(Optional.of(Golden.ip("10.0.2.15")), options.get(DhcpOption.REQUESTED_ADDRESS));
  }

  @Test
  void readsWhatTheInitramfsSends() throws Exception {
    DhcpPacket packet = Golden.packet("ipconfig-discover.bin");

    assertTrue(packet.wantsBroadcast());
    assertEquals(Optional.of("Linux ipconfig"), packet.options().get(DhcpOption.VENDOR_CLASS));
    assertEquals(Optional.empty(), packet.options().get(DhcpOption.CLIENT_ID));
  }

  /** RFC 3396 §8, the RFC's own example. */
  @Test
  void joinsTheParts() throws Exception {
    byte[] bootFile = Golden.packet("rfc3396-split.bin").options().bytes(67).orElseThrow();
    assertEquals("/diskless/foo", new String(bootFile, StandardCharsets.US_ASCII));
  }

  /** RFC 2131 §4.1 and RFC 3396 §5: options, then file, then sname. */
  @Test
  void joinsThePartsOfOverloadedFieldsInTheirOrder() throws Exception {
    DhcpPacket packet = Golden.packet("overload-both.bin");

    byte[] bootFile = packet.options().bytes(67).orElseThrow();
    assertEquals("/diskless/foo", new String(bootFile, StandardCharsets.US_ASCII));
    assertEquals(Optional.of("host"), packet.options().get(DhcpOption.HOST_NAME));
    assertEquals("", packet.serverName());
    assertEquals("", packet.bootFile());
  }

  /** RFC 3004 §4. */
  @Test
  void readsUserClassesWithTheirLengths() throws Exception {
    assertEquals(
        Optional.of(new UserClass(List.of("iPXE", "lab"))),
        Golden.packet("userclass-rfc3004.bin").options().get(DhcpOption.USER_CLASS));
  }

  /** RFC 3396 §6. */
  @Test
  void splitsWhatIsLongerThan255Bytes() throws Exception {
    byte[] value = new byte[600];
    new Random(1).nextBytes(value);
    DhcpOptions options =
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, MessageType.OFFER)
            .put(224, value)
            .put(DhcpOption.HOST_NAME, "alpha")
            .build();
    byte[] encoded = DhcpCodec.encode(Golden.packet("ipconfig-discover.bin").withOptions(options));

    assertArrayEquals(value, DhcpCodec.decode(encoded).options().bytes(224).orElseThrow());
    int first = OPTIONS_AT + 3;
    assertEquals(224, encoded[first] & 0xFF);
    assertEquals(255, encoded[first + 1] & 0xFF);
    assertEquals(255, encoded[first + 257 + 1] & 0xFF);
    assertEquals(90, encoded[first + 514 + 1] & 0xFF);
    assertEquals(12, encoded[first + 514 + 92] & 0xFF);
    assertEquals(255, encoded[first + 514 + 92 + 7] & 0xFF);
    assertEquals(first + 514 + 92 + 8, encoded.length);
  }

  @Test
  void padsToWhatRelaysExpect() throws Exception {
    DhcpOptions options =
        DhcpOptions.builder().put(DhcpOption.MESSAGE_TYPE, MessageType.ACK).build();
    byte[] encoded = DhcpCodec.encode(Golden.packet("ipconfig-discover.bin").withOptions(options));

    assertEquals(300, encoded.length);
    assertEquals(255, encoded[OPTIONS_AT + 3] & 0xFF);
  }

  @Test
  void refusesToWriteMoreThanAFrame() throws Exception {
    DhcpOptions options = DhcpOptions.builder().put(224, new byte[1300]).build();
    DhcpPacket packet = Golden.packet("ipconfig-discover.bin").withOptions(options);
    assertThrows(IllegalArgumentException.class, () -> DhcpCodec.encode(packet));
  }

  @Test
  void everyPacketComesBackAsItWas() throws Exception {
    for (String name : GOLDEN) {
      DhcpPacket packet = Golden.packet(name);
      DhcpPacket again = DhcpCodec.decode(DhcpCodec.encode(packet));

      assertEquals(packet.withOptions(again.options()), again, name);
      assertEquals(packet.options().codes(), again.options().codes(), name);
      for (int code : packet.options().codes()) {
        assertArrayEquals(
            packet.options().bytes(code).orElseThrow(), again.options().bytes(code).orElseThrow());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 235, 239})
  void aPacketThatIsTooShortIsRefused(int length) {
    byte[] bytes = Arrays.copyOf(Golden.bytes("ipxe-bios-discover.bin"), length);
    assertThrows(MalformedDhcpException.class, () -> DhcpCodec.decode(bytes));
  }

  @Test
  void aPacketThatIsTooLongIsRefused() {
    byte[] bytes = Arrays.copyOf(Golden.bytes("ipxe-bios-discover.bin"), 1501);
    assertThrows(MalformedDhcpException.class, () -> DhcpCodec.decode(bytes));
  }

  @Test
  void anOptionBeyondTheEndIsRefused() {
    byte[] bytes = Golden.bytes("rfc3396-split.bin");
    assertThrows(
        MalformedDhcpException.class,
        () -> DhcpCodec.decode(Arrays.copyOf(bytes, bytes.length - 2)));
  }

  @Test
  void aMissingEndOptionIsPutUpWith() throws Exception {
    byte[] bytes = Golden.bytes("rfc3396-split.bin");
    DhcpPacket packet = DhcpCodec.decode(Arrays.copyOf(bytes, bytes.length - 1));
    assertEquals(Optional.of(MessageType.DISCOVER), packet.messageType());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0:3", // op
        "2:0", // hlen of Ethernet
        "2:17", // hlen beyond chaddr
        "236:0", // magic cookie
      })
  void fixedFieldsThatCannotBeAreRefused(String change) {
    byte[] bytes = Golden.bytes("ipxe-bios-discover.bin");
    String[] parts = change.split(":", 2);
    bytes[Integer.parseInt(parts[0])] = (byte) Integer.parseInt(parts[1]);
    assertThrows(MalformedDhcpException.class, () -> DhcpCodec.decode(bytes));
  }

  @Test
  void aServerNameWithoutItsNullIsReadWholeAndNotWritten() throws Exception {
    byte[] bytes = Golden.bytes("ipxe-bios-discover.bin");
    Arrays.fill(bytes, 44, 108, (byte) 'a');
    DhcpPacket packet = DhcpCodec.decode(bytes);
    assertEquals("a".repeat(64), packet.serverName());
    assertThrows(IllegalArgumentException.class, () -> DhcpCodec.encode(packet));
  }

  @Test
  void anOverloadOfNothingIsRefused() {
    byte[] bytes = Golden.bytes("overload-both.bin");
    bytes[OPTIONS_AT + 5] = 4;
    assertThrows(MalformedDhcpException.class, () -> DhcpCodec.decode(bytes));
  }

  @Test
  void absentAndMalformedAreDifferent() throws Exception {
    DhcpOptions options =
        DhcpOptions.builder().put(DhcpOption.SUBNET_MASK.code(), new byte[3]).build();

    assertEquals(Optional.empty(), options.get(DhcpOption.SERVER_ID));
    MalformedDhcpException error =
        assertThrows(MalformedDhcpException.class, () -> options.get(DhcpOption.SUBNET_MASK));
    assertEquals("option 1 (subnet mask): has 3 bytes instead of 4", error.getMessage());
  }

  @Test
  void hostilePacketsAreReadOrRefusedAndNothingElse() {
    Random random = new Random(2131);
    List<byte[]> packets = GOLDEN.stream().map(Golden::bytes).toList();
    int read = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = packets.get(random.nextInt(packets.size())).clone();
      int changes = 1 + random.nextInt(6);
      for (int i = 0; i < changes; i++) {
        int from = random.nextInt(4) == 0 ? 0 : OPTIONS_AT;
        bytes[from + random.nextInt(bytes.length - from)] = (byte) random.nextInt(256);
      }
      byte[] packet = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(1600)) : bytes;
      try {
        read(DhcpCodec.decode(packet));
        read++;
      } catch (MalformedDhcpException e) {
        assertFalse(String.valueOf(e.getMessage()).isEmpty());
      }
    }
    assertTrue(read > 3_000, "only " + read + " were well-formed enough to test the options");
  }

  /** Every option that is typed, and the answer that goes back. */
  private static void read(DhcpPacket packet) throws MalformedDhcpException {
    for (DhcpOption<?> option :
        List.of(
            DhcpOption.MESSAGE_TYPE,
            DhcpOption.ARCHITECTURES,
            DhcpOption.CLIENT_ID,
            DhcpOption.IPXE,
            DhcpOption.MACHINE_ID,
            DhcpOption.NETWORK_INTERFACE,
            DhcpOption.PARAMETER_REQUEST_LIST,
            DhcpOption.ROUTERS,
            DhcpOption.USER_CLASS,
            DhcpOption.VENDOR_CLASS)) {
      packet.options().get(option);
    }
    byte[] reply = DhcpCodec.encode(BootReply.offer(packet, Golden.facts()));
    DhcpCodec.decode(reply);
  }
}
