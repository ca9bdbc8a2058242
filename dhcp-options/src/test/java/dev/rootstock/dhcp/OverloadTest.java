// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replies that are longer than the options field of their client: RFC 2131 §4.1, RFC 3396 §5. */
class OverloadTest {
  private static final int OPTIONS_AT = 240;
  private static final int FILE_AT = 108;
  private static final int SNAME_AT = 44;
  private static final int ROOM_OF_576 = 576 - 28;

  /** As long as an iSCSI name may be without making the root path too long. */
  private static final String LONG_NAME = "iqn.2026-11.dev.rootstock:" + "n".repeat(170);

  private static DhcpPacket small(int code, byte[] value) throws MalformedDhcpException {
    DhcpPacket discover = Golden.packet("ipxe-bios-discover.bin");
    DhcpOptions.Builder options = DhcpOptions.builder();
    discover
        .options()
        .codes()
        .forEach(each -> options.put(each, discover.options().bytes(each).orElseThrow()));
    return discover.withOptions(
        options.put(DhcpOption.MAX_MESSAGE_SIZE, 576).put(code, value).build());
  }

  private static BootFacts longFacts(Optional<BootProgram> program) {
    BootFacts facts = Golden.facts();
    IscsiName name = new IscsiName(LONG_NAME);
    return new BootFacts(
        facts.address(),
        facts.subnetMask(),
        facts.serverId(),
        facts.router(),
        facts.nameServers(),
        facts.hostName(),
        facts.leaseSeconds(),
        Optional.of(RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, name)),
        Optional.of(new IscsiName("iqn.2026-11.dev.rootstock:01234567:alpha:initiator")),
        facts.ipxe(),
        program,
        facts.onWish());
  }

  @Test
  void whatFitsIsNotOverloaded() throws Exception {
    DhcpPacket offer = BootReply.offer(small(61, new byte[] {1, 2}), Golden.facts());

    assertFalse(offer.options().has(DhcpOption.OVERLOAD));
  }

  @Test
  void whatDoesNotFitTheOptionsFieldGoesIntoFileAndSname() throws Exception {
    DhcpPacket request = small(61, new byte[60]);
    DhcpPacket offer = BootReply.offer(request, longFacts(Optional.empty()));
    byte[] bytes = DhcpCodec.encode(offer);
    DhcpPacket read = DhcpCodec.decode(bytes);

    assertTrue(bytes.length <= ROOM_OF_576, "bytes: " + bytes.length);
    assertEquals(Optional.of(3), read.options().get(DhcpOption.OVERLOAD));
    for (DhcpOption<?> each :
        List.of(
            DhcpOption.HOST_NAME,
            DhcpOption.NAME_SERVERS,
            DhcpOption.IPXE,
            DhcpOption.ROUTERS,
            DhcpOption.INITIATOR_NAME,
            DhcpOption.ROOT_PATH)) {
      assertTrue(read.options().has(each), "left out: " + each);
    }
    assertArrayEquals(new byte[] {53, 1, 2}, Arrays.copyOfRange(bytes, OPTIONS_AT, OPTIONS_AT + 3));
    assertArrayEquals(
        new byte[] {52, 1, 3}, Arrays.copyOfRange(bytes, OPTIONS_AT + 3, OPTIONS_AT + 6));
  }

  /** The field file holds what is to be loaded: only sname is free. */
  @Test
  void aBootFileKeepsItsField() throws Exception {
    DhcpPacket request = small(61, new byte[60]);
    DhcpPacket offer =
        BootReply.offer(request, longFacts(Optional.of(new BootProgram("snponly.efi"))));
    DhcpPacket script = DhcpCodec.decode(DhcpCodec.encode(offer));
    assertEquals("snponly.efi", script.bootFile());

    DhcpPacket rom = BootReply.offer(romOf(request), longFacts(program("snponly.efi")));
    DhcpPacket read = DhcpCodec.decode(DhcpCodec.encode(rom));
    assertEquals("snponly.efi", read.bootFile());
    assertEquals(Optional.of(2), read.options().get(DhcpOption.OVERLOAD));
    assertTrue(read.options().has(DhcpOption.ROOT_PATH));
  }

  /** RFC 3046 §2.1: relay agents look at the end of the options field. */
  @Test
  void theRelaysOptionStaysAtTheEndOfTheOptionsField() throws Exception {
    byte[] relay = {1, 4, 'e', 't', 'h', '0'};
    DhcpPacket offer =
        BootReply.offer(
            small(82, relay), longFacts(Optional.empty()).withProgram(Optional.empty()));
    byte[] bytes = DhcpCodec.encode(withLong(offer, 90));

    byte[] tail = {82, 6, 1, 4, 'e', 't', 'h', '0', (byte) 255};
    assertArrayEquals(tail, Arrays.copyOfRange(bytes, bytes.length - tail.length, bytes.length));
  }

  /** RFC 3396 §5: its pieces are read in the order options, file, sname. */
  @ParameterizedTest
  @ValueSource(ints = {256, 300, 445, 600, 700})
  void anOptionThatIsSplitAnywayIsSplitOverTheFields(int length) throws Exception {
    byte[] value = new byte[length];
    new Random(length).nextBytes(value);
    DhcpPacket packet =
        Golden.packet("ipconfig-discover.bin")
            .withOptions(
                DhcpOptions.builder()
                    .put(DhcpOption.MESSAGE_TYPE, MessageType.OFFER)
                    .put(DhcpOption.OVERLOAD, 3)
                    .put(224, value)
                    .build());
    byte[] bytes = DhcpCodec.encode(packet);

    assertEquals(224, bytes[FILE_AT] & 0xFF);
    assertEquals(224, bytes[SNAME_AT] & 0xFF);
    assertArrayEquals(value, DhcpCodec.decode(bytes).options().bytes(224).orElseThrow());
  }

  /** An option 52 that a packet brings is only what is true of the fields that are written. */
  @Test
  void anOverloadOfAFieldThatIsTakenIsMended() throws Exception {
    DhcpPacket packet =
        Golden.packet("ipxe-bios-offer.bin")
            .withNext(Golden.ip("10.77.0.1"), "undionly.kpxe")
            .withOptions(
                DhcpOptions.builder()
                    .put(DhcpOption.MESSAGE_TYPE, MessageType.OFFER)
                    .put(DhcpOption.OVERLOAD, 1)
                    .put(DhcpOption.HOST_NAME, "alpha")
                    .build());
    DhcpPacket read = DhcpCodec.decode(DhcpCodec.encode(packet));

    assertEquals("undionly.kpxe", read.bootFile());
    assertFalse(read.options().has(DhcpOption.OVERLOAD));
    assertEquals(Optional.of("alpha"), read.options().get(DhcpOption.HOST_NAME));
  }

  /** RFC 5107 §4, RFC 3011 §2. */
  @Test
  void aRelayNamesTheServerAndItsSubnetSelectionComesBack() throws Exception {
    DhcpPacket relayed = Golden.packet("relayed-discover.bin");
    DhcpPacket request =
        relayed.withOptions(
            DhcpOptions.builder()
                .put(DhcpOption.MESSAGE_TYPE, MessageType.DISCOVER)
                .put(DhcpOption.SUBNET_SELECTION, Golden.ip("10.99.0.0"))
                .put(DhcpOption.RELAY_AGENT, new byte[] {11, 4, 10, 99, 0, 1})
                .build());
    DhcpPacket offer = BootReply.offer(request, Golden.facts());

    assertEquals(Optional.of(Golden.ip("10.99.0.1")), offer.options().get(DhcpOption.SERVER_ID));
    assertEquals(
        Optional.of(Golden.ip("10.99.0.0")), offer.options().get(DhcpOption.SUBNET_SELECTION));
    assertEquals(
        List.of(118, 82), List.copyOf(offer.options().codes()).reversed().subList(0, 2).reversed());
  }

  /** RFC 2131 §4.4.5; a lease for ever has no such times. */
  @Test
  void aLeaseThatEndsTellsItsTimes() throws Exception {
    DhcpPacket request = Golden.packet("ipconfig-discover.bin");
    BootFacts facts = Golden.facts();
    BootFacts hour =
        new BootFacts(
            facts.address(),
            facts.subnetMask(),
            facts.serverId(),
            facts.router(),
            facts.nameServers(),
            facts.hostName(),
            3600,
            facts.rootPath(),
            facts.initiatorName(),
            facts.ipxe(),
            facts.program(),
            facts.onWish());

    DhcpOptions told = BootReply.offer(request, hour).options();
    assertEquals(Optional.of(1800L), told.get(DhcpOption.RENEWAL_SECONDS));
    assertEquals(Optional.of(3150L), told.get(DhcpOption.REBINDING_SECONDS));
    DhcpOptions forEver = BootReply.offer(request, facts).options();
    assertFalse(forEver.has(DhcpOption.RENEWAL_SECONDS));
    assertFalse(forEver.has(DhcpOption.REBINDING_SECONDS));
  }

  private static Optional<BootProgram> program(String name) {
    return Optional.of(new BootProgram(name));
  }

  private static DhcpPacket romOf(DhcpPacket request) {
    return request.withOptions(
        request.options().without(DhcpOption.IPXE).without(DhcpOption.USER_CLASS));
  }

  private static DhcpPacket withLong(DhcpPacket offer, int length) {
    DhcpOptions.Builder options = DhcpOptions.builder();
    offer
        .options()
        .codes()
        .forEach(code -> options.put(code, offer.options().bytes(code).orElseThrow()));
    return offer.withOptions(options.put(224, new byte[length]).build());
  }
}
