// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootReplyTest {
  private static final String ROOT_PATH =
      "iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:01234567:alpha";

  @Test
  void ipxeGetsEverythingThatMakesItBoot() throws Exception {
    DhcpPacket request = Golden.packet("ipxe-bios-discover.bin");
    DhcpPacket offer = BootReply.offer(request, Golden.facts());
    DhcpOptions options = offer.options();

    assertTrue(offer.reply());
    assertEquals(request.xid(), offer.xid());
    assertEquals(request.chaddr(), offer.chaddr());
    assertEquals(Golden.ip("10.77.0.100"), offer.yiaddr());
    assertEquals(DhcpPacket.NO_ADDRESS, offer.ciaddr());
    assertEquals("", offer.bootFile());
    assertEquals(Optional.of(MessageType.OFFER), options.get(DhcpOption.MESSAGE_TYPE));
    assertEquals(Optional.of(Golden.ip("10.77.0.1")), options.get(DhcpOption.SERVER_ID));
    assertEquals(Optional.of(0xFFFF_FFFFL), options.get(DhcpOption.LEASE_SECONDS));
    assertEquals(Optional.of(Golden.ip("255.255.255.0")), options.get(DhcpOption.SUBNET_MASK));
    assertEquals(Optional.of(ROOT_PATH), options.get(DhcpOption.ROOT_PATH));
    assertEquals(
        Optional.of("iqn.2026-11.dev.rootstock:01234567:alpha:initiator"),
        options.get(DhcpOption.INITIATOR_NAME));
    assertEquals(Optional.of("alpha"), options.get(DhcpOption.HOST_NAME));
    assertArrayEquals(
        new byte[] {(byte) 0xB0, 1, 1}, options.bytes(DhcpOption.IPXE.code()).orElseThrow());
  }

  /** iPXE's reply, byte for byte: what firmware gets from us must not change by accident. */
  @Test
  void theOfferToIpxeIsGolden() throws Exception {
    DhcpPacket offer = BootReply.offer(Golden.packet("ipxe-bios-discover.bin"), Golden.facts());
    assertArrayEquals(Golden.bytes("ipxe-bios-offer.bin"), DhcpCodec.encode(offer));
  }

  @Test
  void theInitramfsGetsWhatItAskedFor() throws Exception {
    DhcpOptions options =
        BootReply.offer(Golden.packet("ipconfig-discover.bin"), Golden.facts()).options();

    assertEquals(Set.of(53, 54, 51, 1, 17, 3, 6, 12), Set.copyOf(options.codes()));
  }

  @Test
  void otherSystemsAreNotToldOfTheDiskUnlessTheyAsk() throws Exception {
    DhcpPacket request =
        with(
            Golden.packet("ipconfig-discover.bin"),
            DhcpOption.PARAMETER_REQUEST_LIST,
            List.of(1, 3));
    assertEquals(
        Set.of(53, 54, 51, 1, 3),
        Set.copyOf(BootReply.offer(request, Golden.facts()).options().codes()));
  }

  @Test
  void aClientWithoutWishesGetsAll() throws Exception {
    DhcpPacket request =
        Golden.packet("ipconfig-discover.bin")
            .withOptions(
                Golden.packet("ipconfig-discover.bin")
                    .options()
                    .without(DhcpOption.PARAMETER_REQUEST_LIST));
    assertEquals(
        Set.of(53, 54, 51, 1, 17, 3, 6, 12),
        Set.copyOf(BootReply.offer(request, Golden.facts()).options().codes()));
  }

  @Test
  void aPxeRomGetsARootPathButNoHintsForIpxe() throws Exception {
    DhcpOptions options =
        BootReply.offer(Golden.packet("uefi-pxe-discover.bin"), Golden.facts()).options();

    assertTrue(options.has(DhcpOption.ROOT_PATH));
    assertFalse(options.has(DhcpOption.IPXE));
    assertFalse(options.has(DhcpOption.INITIATOR_NAME));
  }

  /** RFC 6842 §3, RFC 3046 §2.2. */
  @Test
  void echoesTheClientIdentifierAndTheRelayAgentsInformation() throws Exception {
    DhcpPacket request = Golden.packet("relayed-discover.bin");
    DhcpPacket offer = BootReply.offer(request, Golden.facts());

    for (int code : List.of(61, 82)) {
      assertArrayEquals(
          request.options().bytes(code).orElseThrow(), offer.options().bytes(code).orElseThrow());
    }
    assertEquals(82, List.copyOf(offer.options().codes()).getLast());
    assertEquals(Golden.ip("10.77.0.2"), offer.giaddr());
  }

  /** RFC 2131 §4.3.5. */
  @Test
  void anInformedClientGetsNoLeaseAndNoAddress() throws Exception {
    DhcpPacket request =
        with(Golden.packet("ipconfig-discover.bin"), DhcpOption.MESSAGE_TYPE, MessageType.INFORM);
    DhcpPacket ack = BootReply.informed(request, Golden.facts());

    assertEquals(Optional.of(MessageType.ACK), ack.messageType());
    assertEquals(DhcpPacket.NO_ADDRESS, ack.yiaddr());
    assertFalse(ack.options().has(DhcpOption.LEASE_SECONDS));
  }

  /** RFC 2131 §4.3.1, table 3, and §4.3.2 for the flag. */
  @Test
  void aNakHoldsNothingButItsReason() throws Exception {
    DhcpPacket nak =
        BootReply.nak(Golden.packet("relayed-discover.bin"), Golden.ip("10.77.0.1"), "no");

    assertEquals(Set.of(53, 54, 56, 61, 82), Set.copyOf(nak.options().codes()));
    assertEquals(DhcpPacket.NO_ADDRESS, nak.yiaddr());
    assertTrue(nak.wantsBroadcast(), "the relay agent is to broadcast it");
  }

  @ParameterizedTest
  @CsvSource({
    "ipxe-bios-discover.bin, IPXE",
    "ipxe-uefi-discover.bin, IPXE",
    "userclass-rfc3004.bin, IPXE",
    "uefi-pxe-discover.bin, FIRMWARE",
    "ipconfig-discover.bin, SYSTEM",
    "relayed-discover.bin, SYSTEM"
  })
  void tellsTheStagesOfABoot(String packet, BootStage stage) throws Exception {
    assertEquals(stage, BootStage.of(Golden.packet(packet).options()));
  }

  /** RFC 2132 §9.10: a client that names no size takes datagrams of 576 bytes. */
  @Test
  void aReplyFitsItsClient() throws Exception {
    IscsiName name = new IscsiName("iqn.2026-11.dev.rootstock:" + "x".repeat(190));
    BootFacts facts = Golden.facts();
    BootFacts large =
        new BootFacts(
            facts.address(),
            facts.subnetMask(),
            facts.serverId(),
            facts.router(),
            facts.nameServers(),
            facts.hostName(),
            facts.leaseSeconds(),
            Optional.of(RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, name)),
            Optional.of(name),
            facts.ipxe(),
            facts.program(),
            facts.onWish());
    DhcpPacket modest = Golden.packet("userclass-rfc3004.bin");

    DhcpPacket offer = BootReply.offer(modest, large);
    assertTrue(DhcpCodec.encode(offer).length <= 576 - 28);
    assertTrue(offer.options().has(DhcpOption.ROOT_PATH), "what makes it boot goes last");
    assertFalse(offer.options().has(DhcpOption.INITIATOR_NAME));

    DhcpPacket full = BootReply.offer(with(modest, DhcpOption.MAX_MESSAGE_SIZE, 1472), large);
    assertTrue(full.options().has(DhcpOption.INITIATOR_NAME));
    assertTrue(full.options().has(DhcpOption.HOST_NAME));
  }

  /** A reply is never fragmented, whatever a client claims to take. */
  @Test
  void aReplyFitsOneFrame() throws Exception {
    DhcpPacket request =
        with(Golden.packet("userclass-rfc3004.bin"), DhcpOption.MAX_MESSAGE_SIZE, 65_535);
    List<Inet4Address> servers = Collections.nCopies(300, Golden.ip("10.77.0.53"));
    BootFacts facts = Golden.facts();
    BootFacts large =
        new BootFacts(
            facts.address(),
            facts.subnetMask(),
            facts.serverId(),
            facts.router(),
            servers,
            facts.hostName(),
            facts.leaseSeconds(),
            facts.rootPath(),
            facts.initiatorName(),
            facts.ipxe(),
            facts.program(),
            facts.onWish());

    DhcpPacket offer = BootReply.offer(request, large);
    assertTrue(DhcpCodec.encode(offer).length <= 1500 - 28);
    assertTrue(offer.options().has(DhcpOption.ROOT_PATH));
  }

  @Test
  void aPxeRomIsToldWhatToLoadAndWhere() throws Exception {
    DhcpPacket request = Golden.packet("uefi-pxe-discover.bin");
    DhcpPacket offer = BootReply.offer(request, Golden.facts().withProgram(program("snponly.efi")));

    assertEquals("snponly.efi", offer.bootFile());
    assertEquals(Golden.ip("10.77.0.1"), offer.siaddr());
    assertEquals(Optional.of("10.77.0.1"), offer.options().get(DhcpOption.TFTP_SERVER));
    assertEquals(Optional.of("snponly.efi"), offer.options().get(DhcpOption.BOOT_FILE));
  }

  /** iPXE fails when its script attaches a disk that option 17 has attached already. */
  @Test
  void ipxeGetsEitherAScriptOrARootPath() throws Exception {
    DhcpPacket request = Golden.packet("ipxe-bios-discover.bin");
    String url = "http://10.77.0.1:8080/script/alpha";
    DhcpPacket offer = BootReply.offer(request, Golden.facts().withProgram(program(url)));

    assertEquals(url, offer.bootFile());
    assertFalse(offer.options().has(DhcpOption.ROOT_PATH));
    assertTrue(offer.options().has(DhcpOption.INITIATOR_NAME));
  }

  /** The program is firmware's: an initramfs has no use for it. */
  @Test
  void anOperatingSystemIsNotToldWhatToLoad() throws Exception {
    DhcpPacket offer =
        BootReply.offer(
            Golden.packet("ipconfig-discover.bin"), Golden.facts().withProgram(program("x.efi")));
    assertEquals("", offer.bootFile());
    assertEquals(DhcpPacket.NO_ADDRESS, offer.siaddr());
  }

  @Test
  void aNameThatFitsNoFieldGoesIntoItsOption() throws Exception {
    String url = "http://10.77.0.1:8080/" + "a".repeat(120);
    DhcpPacket offer =
        BootReply.offer(
            Golden.packet("ipxe-bios-discover.bin"), Golden.facts().withProgram(program(url)));
    assertEquals("", offer.bootFile());
    assertEquals(Optional.of(url), offer.options().get(DhcpOption.BOOT_FILE));
  }

  /** UEFI 2.10 §24.7: an answer of another class than its own is none. */
  @Test
  void uefiHttpBootGetsAnAnswerOfItsClass() throws Exception {
    DhcpPacket request =
        with(
            Golden.packet("uefi-pxe-discover.bin"),
            DhcpOption.VENDOR_CLASS,
            "HTTPClient:Arch:00016:UNDI:003001");
    DhcpPacket offer =
        BootReply.offer(
            request, Golden.facts().withProgram(program("http://10.77.0.1:8080/boot/snponly.efi")));
    assertEquals(BootStage.FIRMWARE, BootStage.of(request.options()));
    assertEquals(Optional.of("HTTPClient"), offer.options().get(DhcpOption.VENDOR_CLASS));
  }

  /** Windows sends all that it has for its disk to a router that the iBFT names. */
  @Test
  void aRouterThatIsWithheldIsToldToNobody() throws Exception {
    DhcpPacket asking =
        with(
            Golden.packet("ipxe-bios-discover.bin"),
            DhcpOption.PARAMETER_REQUEST_LIST,
            List.of(1, 3, 6, 17));
    BootFacts facts = Golden.facts();
    BootFacts withheld =
        new BootFacts(
            facts.address(),
            facts.subnetMask(),
            facts.serverId(),
            Optional.empty(),
            facts.nameServers(),
            facts.hostName(),
            facts.leaseSeconds(),
            facts.rootPath(),
            facts.initiatorName(),
            facts.ipxe(),
            facts.program(),
            facts.onWish());
    DhcpOptions told = BootReply.offer(asking, facts).options();
    DhcpOptions less = BootReply.offer(asking, withheld).options();
    assertEquals(Optional.of(List.of(Golden.ip("10.77.0.254"))), told.get(DhcpOption.ROUTERS));
    assertFalse(less.has(DhcpOption.ROUTERS));
    assertEquals(told.get(DhcpOption.ROOT_PATH), less.get(DhcpOption.ROOT_PATH));
    assertEquals(Optional.of(List.of(Golden.ip("10.77.0.53"))), less.get(DhcpOption.NAME_SERVERS));
  }

  @Test
  void whatANetworkHasGoesToThoseWhoAsk() throws Exception {
    DhcpPacket request = Golden.packet("ipconfig-discover.bin");
    BootFacts facts = Golden.facts();
    BootFacts named =
        new BootFacts(
            facts.address(),
            facts.subnetMask(),
            facts.serverId(),
            facts.router(),
            facts.nameServers(),
            facts.hostName(),
            facts.leaseSeconds(),
            facts.rootPath(),
            facts.initiatorName(),
            facts.ipxe(),
            facts.program(),
            DhcpOptions.builder().put(DhcpOption.DOMAIN_NAME, "lab.example").build());
    DhcpPacket asking = with(request, DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 15));
    assertEquals(
        Optional.of("lab.example"),
        BootReply.offer(asking, named).options().get(DhcpOption.DOMAIN_NAME));
    DhcpPacket other = with(request, DhcpOption.PARAMETER_REQUEST_LIST, List.of(1));
    assertFalse(BootReply.offer(other, named).options().has(DhcpOption.DOMAIN_NAME));
  }

  /** PXE 2.1 §2.2.3: no address, our class, no menu, and the machine's identifier back. */
  @Test
  void aProxyGivesNoAddress() throws Exception {
    DhcpPacket request = Golden.packet("uefi-pxe-discover.bin");
    DhcpPacket offer =
        BootReply.proxied(
            request, MessageType.OFFER, Golden.ip("10.77.0.1"), new BootProgram("snponly.efi"));

    assertEquals(DhcpPacket.NO_ADDRESS, offer.yiaddr());
    assertEquals(Golden.ip("10.77.0.1"), offer.siaddr());
    assertEquals("snponly.efi", offer.bootFile());
    assertFalse(offer.options().has(DhcpOption.LEASE_SECONDS));
    assertEquals(Optional.of("PXEClient"), offer.options().get(DhcpOption.VENDOR_CLASS));
    assertArrayEquals(new byte[] {6, 1, 8, -1}, offer.options().bytes(43).orElseThrow());
    assertArrayEquals(
        request.options().bytes(97).orElseThrow(), offer.options().bytes(97).orElseThrow());
  }

  private static Optional<BootProgram> program(String name) {
    return Optional.of(new BootProgram(name));
  }

  private static <T> DhcpPacket with(DhcpPacket packet, DhcpOption<T> option, T value) {
    DhcpOptions.Builder options = DhcpOptions.builder();
    packet
        .options()
        .codes()
        .forEach(code -> options.put(code, packet.options().bytes(code).orElseThrow()));
    return packet.withOptions(options.put(option, value).build());
  }
}
