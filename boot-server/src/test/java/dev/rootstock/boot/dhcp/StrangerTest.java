// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.ACK;
import static dev.rootstock.dhcp.MessageType.DECLINE;
import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.INFORM;
import static dev.rootstock.dhcp.MessageType.NAK;
import static dev.rootstock.dhcp.MessageType.RELEASE;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.ClientIdentifier;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Machines that are no clients, where they get an address: RFC 2131 §4.3. */
class StrangerTest {
  private static final String ONE = "52:54:00:ff:00:01";
  private static final String TWO = "52:54:00:ff:00:02";
  private static final String THREE = "52:54:00:ff:00:03";
  private static final String CLIENT = "52:54:00:77:00:01";
  private static final String SERVER = "10.77.0.1";
  private static final String FIRST = "10.77.0.100";
  private static final String SECOND = "10.77.0.101";
  private static final long HOUR = 3600;

  private static final DhcpSubnet SUBNET = subnet(FIRST, SECOND);

  private final FakeClients clients = new FakeClients().add("alpha", CLIENT, Optional.empty());
  private final List<Lease> written = new ArrayList<>();
  private CompletableFuture<Void> durable = CompletableFuture.completedFuture(null);
  private long seconds = 1_000_000;
  private LeaseTable leases = new LeaseTable(() -> seconds);
  private DhcpResponder responder = newResponder();

  private DhcpResponder newResponder() {
    OnceLog once = new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, this::nanos);
    SubnetChoice choice = new SubnetChoice(List.of(SUBNET));
    AddressPool pool =
        new AddressPool(
            clients, leases, new ConflictCheck(AddressProbe.NONE, this::nanos), this::nanos);
    return new DhcpResponder(
        choice,
        clients,
        (client, xid, stage) -> {},
        BootPrograms.NONE,
        pool,
        Optional.of(
            new StrangerResponder(
                choice,
                pool,
                leases,
                lease -> {
                  written.add(lease);
                  return durable;
                },
                HOUR,
                once,
                this::nanos,
                () -> seconds)),
        false,
        once,
        this::nanos);
  }

  private static DhcpSubnet subnet(String first, String last) {
    return new DhcpSubnet(
        "br0",
        Inet4Address.ofLiteral(SERVER),
        24,
        Optional.of(new AddressRange(Inet4Address.ofLiteral(first), Inet4Address.ofLiteral(last))),
        Optional.empty(),
        List.of(Inet4Address.ofLiteral("10.77.0.53")));
  }

  private long nanos() {
    return seconds * 1_000_000_000L;
  }

  private void restart() {
    leases = new LeaseTable(() -> seconds);
    written.forEach(leases::put);
    responder = newResponder();
  }

  private Decision decide(Request request) throws Exception {
    return responder.decide(request.packet(), SUBNET);
  }

  private Answer answer(Request request) throws Exception {
    return switch (decide(request)) {
      case Answer answer -> answer;
      case AnswerWhenBound later -> later.answer();
      case Silence silence -> throw new AssertionError(silence.reason());
    };
  }

  private MessageType type(Request request) throws Exception {
    return answer(request).packet().messageType().orElseThrow();
  }

  private String offered(String mac) throws Exception {
    return answer(Request.of(DISCOVER, mac)).packet().yiaddr().getHostAddress();
  }

  private String bound(String mac) throws Exception {
    String address = offered(mac);
    assertEquals(ACK, type(Request.of(REQUEST, mac).server(SERVER).requested(address)));
    return address;
  }

  @Test
  void aStrangerGetsAnAddressForAWhileAndNothingToBoot() throws Exception {
    DhcpPacket offer = answer(Request.of(DISCOVER, ONE).ipxe()).packet();

    assertEquals(FIRST, offer.yiaddr().getHostAddress());
    assertEquals(Optional.of(HOUR), offer.options().get(DhcpOption.LEASE_SECONDS));
    assertEquals(Optional.of(HOUR / 2), offer.options().get(DhcpOption.RENEWAL_SECONDS));
    for (DhcpOption<?> each :
        List.of(
            DhcpOption.ROOT_PATH,
            DhcpOption.INITIATOR_NAME,
            DhcpOption.IPXE,
            DhcpOption.BOOT_FILE,
            DhcpOption.HOST_NAME)) {
      assertFalse(offer.options().has(each), each.toString());
    }
    assertEquals("", offer.bootFile());
  }

  @Test
  void aLeaseIsDurableBeforeItIsAcknowledged() throws Exception {
    String address = offered(ONE);
    durable = new CompletableFuture<>();
    AnswerWhenBound ack =
        assertInstanceOf(
            AnswerWhenBound.class,
            decide(Request.of(REQUEST, ONE).server(SERVER).requested(address)));

    assertFalse(ack.bound().toCompletableFuture().isDone());
    assertEquals(
        List.of(address + " " + (seconds + HOUR)),
        written.stream().map(each -> each.address().getHostAddress() + " " + each.ends()).toList());
    assertEquals(SECOND, offered(TWO), "and nobody else gets it meanwhile");
  }

  @Test
  void anOfferBindsNothingForLong() throws Exception {
    assertEquals(FIRST, offered(ONE));
    assertEquals(SECOND, offered(TWO));
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, THREE)));

    seconds += Limits.OFFER_SECONDS + 1;
    assertEquals(FIRST, offered(THREE));
    assertEquals(List.of(), written);
  }

  @Test
  void aLeaseSurvivesARestart() throws Exception {
    assertEquals(FIRST, bound(ONE));
    restart();

    assertEquals(SECOND, offered(TWO));
    assertEquals(FIRST, offered(ONE));
    assertEquals(ACK, type(Request.of(REQUEST, ONE).ciaddr(FIRST)));
  }

  @Test
  void anEndedLeaseGoesToOthersTheOldestFirst() throws Exception {
    assertEquals(FIRST, bound(ONE));
    seconds += 10;
    assertEquals(SECOND, bound(TWO));
    seconds += HOUR + 1;

    assertEquals(FIRST, bound(THREE));
    assertEquals(SECOND, offered(ONE), "its own is another's now");
  }

  @Test
  void whoComesBackGetsItsAddressAgain() throws Exception {
    assertEquals(FIRST, bound(ONE));
    assertEquals(SECOND, bound(TWO));
    seconds += 24 * HOUR;

    assertEquals(SECOND, offered(TWO));
    assertEquals(FIRST, offered(ONE));
  }

  /** RFC 2131 §4.3.2, all four states. */
  @ParameterizedTest
  @CsvSource({
    "SELECTING, 10.77.0.100, ACK",
    "SELECTING, 10.77.0.101, NAK",
    "SELECTING, 192.168.1.5, NAK",
    "INIT_REBOOT, 10.77.0.100, ACK",
    "INIT_REBOOT, 10.77.0.101, NAK",
    "INIT_REBOOT, 192.168.1.5, NAK",
    "RENEWING, 10.77.0.100, ACK",
    "RENEWING, 10.77.0.101, NAK",
    "RENEWING, 192.168.1.5, NAK"
  })
  void aRequestIsHeldAgainstTheLease(String state, String address, MessageType expected)
      throws Exception {
    assertEquals(FIRST, bound(ONE));
    Request request = Request.of(REQUEST, ONE);
    Request asked =
        switch (state) {
          case "SELECTING" -> request.server(SERVER).requested(address);
          case "INIT_REBOOT" -> request.requested(address);
          default -> request.ciaddr(address);
        };
    Answer answer = answer(asked);

    assertEquals(expected, answer.packet().messageType().orElseThrow());
    boolean renewed = state.equals("RENEWING") && expected == ACK;
    assertEquals(renewed ? FIRST : "255.255.255.255", answer.to().getHostAddress());
  }

  /** "If the DHCP server has no record of this client, then it MUST remain silent." */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aMachineWithoutARecordIsLeftToOtherServers(boolean renewing) throws Exception {
    Request request = Request.of(REQUEST, ONE);
    assertInstanceOf(
        Silence.class, decide(renewing ? request.ciaddr(SECOND) : request.requested(SECOND)));
  }

  @Test
  void anAddressOfAnotherMachineIsRefused() throws Exception {
    assertEquals(FIRST, bound(ONE));
    assertEquals(NAK, type(Request.of(REQUEST, TWO).requested(FIRST)));
    assertEquals(NAK, type(Request.of(REQUEST, TWO).server(SERVER).requested(FIRST)));
  }

  @Test
  void ourOfferOfBeforeARestartIsKept() throws Exception {
    String address = offered(ONE);
    restart();
    assertEquals(ACK, type(Request.of(REQUEST, ONE).server(SERVER).requested(address)));
  }

  @Test
  void whoTakesAnotherServersOfferGivesOursBack() throws Exception {
    assertEquals(FIRST, offered(ONE));
    assertInstanceOf(
        Silence.class, decide(Request.of(REQUEST, ONE).server("10.77.0.2").requested("10.77.0.9")));
    assertEquals(SECOND, offered(TWO));
    assertEquals(FIRST, offered(THREE));
  }

  @Test
  void renewingMovesTheEnd() throws Exception {
    bound(ONE);
    seconds += HOUR / 2;
    assertEquals(ACK, type(Request.of(REQUEST, ONE).ciaddr(FIRST)));
    assertEquals(seconds + HOUR, written.getLast().ends());
  }

  @ParameterizedTest
  @CsvSource({"600, 600", "1, 60", "86400, 3600", "4294967295, 3600"})
  void aShorterLeaseIsGranted(long asked, long granted) throws Exception {
    DhcpPacket offer =
        answer(Request.of(DISCOVER, ONE).with(DhcpOption.LEASE_SECONDS, asked)).packet();
    assertEquals(Optional.of(granted), offer.options().get(DhcpOption.LEASE_SECONDS));
  }

  @Test
  void aReleasedAddressIsFree() throws Exception {
    assertEquals(FIRST, bound(ONE));
    assertEquals(SECOND, bound(TWO));
    assertInstanceOf(Silence.class, decide(Request.of(RELEASE, ONE).server(SERVER).ciaddr(FIRST)));

    assertEquals(FIRST, offered(THREE));
    assertEquals(seconds, written.getLast().ends(), "durably");
  }

  @ParameterizedTest
  @CsvSource({
    "52:54:00:ff:00:02, 10.77.0.1, 10.77.0.100", // another machine
    "52:54:00:ff:00:01, 10.77.0.2, 10.77.0.100", // another server
    "52:54:00:ff:00:01, 10.77.0.1, 10.77.0.101" // another address
  })
  void nobodyReleasesWhatIsNotHis(String mac, String server, String address) throws Exception {
    assertEquals(FIRST, bound(ONE));
    decide(Request.of(RELEASE, mac).server(server).ciaddr(address));
    assertEquals(SECOND, offered(TWO));
  }

  @Test
  void aDeclinedAddressIsNobodysForAnHour() throws Exception {
    assertEquals(FIRST, bound(ONE));
    decide(Request.of(DECLINE, ONE).server(SERVER).requested(FIRST));

    assertEquals(SECOND, bound(ONE));
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, TWO)));
    seconds += Limits.QUARANTINE_SECONDS + 1;
    assertEquals(FIRST, offered(TWO));
  }

  @Test
  void declinesDoNotDrainTheRange() throws Exception {
    DhcpSubnet wide = subnet("10.77.0.100", "10.77.0.199");
    for (int i = 0; i < 4 * Limits.DECLINE_BURST; i++) {
      String address = boundOn(wide, ONE);
      decline(wide, address);
      seconds += 2;
    }
    for (int i = 0; i < 75; i++) {
      assertNotEquals("", boundOn(wide, String.format("52:54:00:bb:00:%02x", i)));
    }
  }

  private String boundOn(DhcpSubnet subnet, String mac) throws Exception {
    DhcpPacket offer =
        assertInstanceOf(Answer.class, responder.decide(Request.of(DISCOVER, mac).packet(), subnet))
            .packet();
    String address = offer.yiaddr().getHostAddress();
    Request request = Request.of(REQUEST, mac).server(SERVER).requested(address);
    assertEquals(
        Optional.of(ACK),
        assertInstanceOf(AnswerWhenBound.class, responder.decide(request.packet(), subnet))
            .answer()
            .packet()
            .messageType());
    return address;
  }

  private void decline(DhcpSubnet subnet, String address) throws Exception {
    Request request = Request.of(DECLINE, ONE).server(SERVER).requested(address);
    assertInstanceOf(Silence.class, responder.decide(request.packet(), subnet));
  }

  @Test
  void informIsAnsweredWithoutALease() throws Exception {
    Answer ack = answer(Request.of(INFORM, ONE).ciaddr("10.77.0.77"));

    assertEquals(ACK, ack.packet().messageType().orElseThrow());
    assertEquals("10.77.0.77", ack.to().getHostAddress());
    assertEquals(DhcpPacket.NO_ADDRESS, ack.packet().yiaddr());
    assertFalse(ack.packet().options().has(DhcpOption.LEASE_SECONDS));
    assertFalse(ack.packet().options().has(DhcpOption.RENEWAL_SECONDS));
    assertEquals(List.of(), written);
  }

  // ---- who it is

  /** Firmware and iPXE send their card as identifier, an initramfs none: one machine. */
  @Test
  void itsCardAsIdentifierIsItsCard() throws Exception {
    assertEquals(FIRST, bound(ONE));
    Answer offer =
        answer(
            Request.of(DISCOVER, ONE)
                .with(DhcpOption.CLIENT_ID, new ClientIdentifier(1, "525400ff0001")));
    assertEquals(FIRST, offer.packet().yiaddr().getHostAddress());
    assertTrue(offer.packet().options().has(DhcpOption.CLIENT_ID), "RFC 6842 §3");
  }

  /** RFC 2131 §4.2; a card that is new keeps the lease, another system on the card gets its own. */
  @Test
  void anotherIdentifierIsAnotherClientWhateverItsCard() throws Exception {
    ClientIdentifier duid = new ClientIdentifier(255, "0000000100010001");
    assertEquals(FIRST, bound(ONE));
    assertEquals(
        SECOND,
        answer(Request.of(DISCOVER, ONE).with(DhcpOption.CLIENT_ID, duid))
            .packet()
            .yiaddr()
            .getHostAddress());
    assertEquals(
        SECOND,
        answer(Request.of(DISCOVER, TWO).with(DhcpOption.CLIENT_ID, duid))
            .packet()
            .yiaddr()
            .getHostAddress());
  }

  // ---- beside clients

  @Test
  void aClientIsNeverGivenAStrangersAddress() throws Exception {
    assertEquals(FIRST, bound(ONE));
    Answer offer = answer(Request.of(DISCOVER, CLIENT).requested(FIRST).ipxe());

    assertEquals(SECOND, offer.packet().yiaddr().getHostAddress());
    assertEquals(
        Optional.of(DhcpOption.INFINITE_LEASE),
        offer.packet().options().get(DhcpOption.LEASE_SECONDS));
  }

  /** Approved or enrolled while its system runs: that keeps the address that it uses. */
  @Test
  void whoBecomesAClientKeepsItsAddressForEver() throws Exception {
    assertEquals(FIRST, bound(TWO));
    assertEquals(SECOND, bound(ONE));
    clients.add("one", ONE, Optional.empty());
    Answer offer = answer(Request.of(DISCOVER, ONE).ipxe());

    assertEquals(SECOND, offer.packet().yiaddr().getHostAddress());
    assertTrue(offer.packet().options().has(DhcpOption.ROOT_PATH));
    seconds += 24 * HOUR;
    assertEquals(SECOND, offered(ONE));
    assertEquals(FIRST, offered(THREE));
  }

  @Test
  void anEndedLeaseMakesRoomForAClient() throws Exception {
    assertEquals(FIRST, bound(ONE));
    assertEquals(SECOND, bound(TWO));
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, CLIENT).ipxe()));
    seconds += HOUR + 1;

    assertEquals(FIRST, offered(CLIENT));
    assertEquals(NAK, type(Request.of(REQUEST, ONE).ciaddr(FIRST)));
  }

  @Test
  void aFloodOfStrangersIsBoundedAndLeavesTheServerToItsClients() throws Exception {
    for (int i = 0; i < 20_000; i++) {
      decide(Request.of(DISCOVER, String.format("52:54:00:aa:%02x:%02x", i >> 8, i & 0xFF)).xid(i));
    }
    assertTrue(leases.offers() <= Limits.OFFERS);
    assertEquals(List.of(), leases.all());

    clients.add("beta", "52:54:00:77:00:02", Optional.of("10.77.0.10"));
    assertEquals("10.77.0.10", offered("52:54:00:77:00:02"));
    seconds += Limits.OFFER_SECONDS + 1;
    assertEquals(FIRST, offered(ONE));
  }
}
