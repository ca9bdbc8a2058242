// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.ACK;
import static dev.rootstock.dhcp.MessageType.DECLINE;
import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.INFORM;
import static dev.rootstock.dhcp.MessageType.NAK;
import static dev.rootstock.dhcp.MessageType.OFFER;
import static dev.rootstock.dhcp.MessageType.RELEASE;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** RFC 2131 §4.3, and what DhcpResponder says of itself. */
class DhcpResponderTest {
  private static final String ALPHA = "52:54:00:77:00:01";
  private static final String BETA = "52:54:00:77:00:02";
  private static final String GAMMA = "52:54:00:77:00:03";
  private static final String STRANGER = "52:54:00:ff:ff:ff";
  private static final String ALPHAS_ADDRESS = "10.77.0.10";
  private static final String SERVER = "10.77.0.1";
  private static final String EVERYBODY = "255.255.255.255";

  private static final DhcpSubnet SUBNET = subnet("10.77.0.100", "10.77.0.102");
  private static final DhcpSubnet OTHER_SUBNET =
      new DhcpSubnet(
          "br1",
          Inet4Address.ofLiteral("10.88.0.1"),
          16,
          Optional.empty(),
          Optional.empty(),
          List.of());

  private final FakeClients clients =
      new FakeClients()
          .add("alpha", ALPHA, Optional.of(ALPHAS_ADDRESS))
          .add("beta", BETA, Optional.empty())
          .add("gamma", GAMMA, Optional.empty());
  private final List<String> discovered = new ArrayList<>();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private long now;
  private DhcpResponder responder = newResponder();

  private static DhcpSubnet subnet(String first, String last) {
    return new DhcpSubnet(
        "br0",
        Inet4Address.ofLiteral(SERVER),
        24,
        Optional.of(new AddressRange(Inet4Address.ofLiteral(first), Inet4Address.ofLiteral(last))),
        Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
        List.of());
  }

  private DhcpResponder newResponder() {
    Logger log = (Logger) LoggerFactory.getLogger("dhcp-responder-test");
    log.setAdditive(false);
    log.detachAndStopAllAppenders();
    logged.start();
    log.addAppender(logged);
    return new DhcpResponder(
        List.of(SUBNET, OTHER_SUBNET),
        clients,
        (client, xid, stage) -> discovered.add(client + " " + xid + " " + stage),
        BootPrograms.NONE,
        new OnceLog(log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, () -> now),
        () -> now);
  }

  @BeforeEach
  void forgetLines() {
    logged.list.clear();
  }

  private Decision decide(Request request) throws MalformedDhcpException {
    return responder.decide(request.packet(), SUBNET);
  }

  private Answer answer(Request request) throws MalformedDhcpException {
    return switch (decide(request)) {
      case Answer answer -> answer;
      case AnswerWhenBound later -> {
        assertTrue(later.bound().toCompletableFuture().isDone());
        yield later.answer();
      }
      case Silence silence -> throw new AssertionError(silence.reason());
    };
  }

  private String offered(String mac) throws MalformedDhcpException {
    return answer(Request.of(DISCOVER, mac)).packet().yiaddr().getHostAddress();
  }

  private static MessageType type(Answer answer) throws MalformedDhcpException {
    return answer.packet().messageType().orElseThrow();
  }

  // ---- who gets an answer

  @ParameterizedTest
  @CsvSource({"DISCOVER", "REQUEST", "INFORM", "DECLINE", "RELEASE"})
  void aStrangerGetsNoAnswer(MessageType type) throws Exception {
    Request request =
        Request.of(type, STRANGER).server(SERVER).requested("10.77.0.100").ciaddr("10.77.0.9");
    assertInstanceOf(Silence.class, decide(request));
  }

  /** Who waits for approval is shown by what it sent, and still gets no answer. */
  @Test
  void aStrangersFirmwareIsListedForApproval() throws Exception {
    PendingMachines pending = new PendingMachines();
    DhcpResponder listing =
        new DhcpResponder(
            List.of(SUBNET),
            clients,
            new DiscoverListener() {
              @Override
              public void discovered(String client, int xid, BootStage stage) {}

              @Override
              public boolean stranger(DhcpPacket packet, DhcpSubnet subnet) {
                pending.asked(packet);
                return false;
              }
            },
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> now),
            () -> now);
    assertInstanceOf(
        Silence.class, listing.decide(Request.of(DISCOVER, STRANGER).pxe().packet(), SUBNET));
    listing.decide(Request.of(DISCOVER, ALPHA).pxe().packet(), SUBNET);

    assertEquals(
        List.of(STRANGER + " firmware, architecture 7"),
        pending.all().stream().map(each -> each.mac() + " " + each.kind()).toList());
  }

  @Test
  void aStrangerIsLoggedOnceWithWhatToDo() throws Exception {
    decide(Request.of(DISCOVER, STRANGER));
    decide(Request.of(DISCOVER, STRANGER).xid(2));

    assertEquals(1, logged.list.size());
    String line = logged.list.getFirst().getFormattedMessage();
    assertTrue(line.contains("client add NAME --mac " + STRANGER), line);
  }

  @Test
  void aFloodOfStrangersDoesNotFillTheLog() throws Exception {
    for (int i = 0; i < 10_000; i++) {
      decide(Request.of(DISCOVER, String.format("52:54:00:ff:%02x:%02x", i >> 8, i & 0xFF)));
    }
    assertTrue(logged.list.size() <= Limits.LOG_BURST);
  }

  @ParameterizedTest
  @CsvSource({"OFFER", "ACK", "NAK"})
  void aServersMessageIsNoQuestion(MessageType type) throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(type, ALPHA)));
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, ALPHA).reply()));
  }

  // ---- DISCOVER

  @Test
  void aClientIsOfferedItsConfiguredAddress() throws Exception {
    Answer offer = answer(Request.of(DISCOVER, ALPHA).ipxe());

    assertEquals(OFFER, type(offer));
    assertEquals(ALPHAS_ADDRESS, offer.packet().yiaddr().getHostAddress());
    assertEquals(
        Optional.of("iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:01234567:alpha"),
        offer.packet().options().get(DhcpOption.ROOT_PATH));
    assertEquals(
        Optional.of(DhcpOption.INFINITE_LEASE),
        offer.packet().options().get(DhcpOption.LEASE_SECONDS));
  }

  @Test
  void allStagesOfABootGetOneAddress() throws Exception {
    Answer rom = answer(Request.of(DISCOVER, BETA).pxe().xid(1));
    Answer ipxe = answer(Request.of(DISCOVER, BETA).ipxe().xid(2));
    Answer linux = answer(Request.of(DISCOVER, BETA).linux().xid(3));

    assertEquals("10.77.0.100", rom.packet().yiaddr().getHostAddress());
    assertEquals(rom.packet().yiaddr(), ipxe.packet().yiaddr());
    assertEquals(rom.packet().yiaddr(), linux.packet().yiaddr());
  }

  @Test
  void aRememberedAddressSurvivesTheServer() throws Exception {
    assertEquals("10.77.0.100", offered(GAMMA));
    responder = newResponder();
    assertEquals("10.77.0.101", offered(BETA));
    assertEquals("10.77.0.100", offered(GAMMA));
  }

  @Test
  void theWishForAFreeAddressIsGranted() throws Exception {
    Answer offer = answer(Request.of(DISCOVER, BETA).requested("10.77.0.102"));
    assertEquals("10.77.0.102", offer.packet().yiaddr().getHostAddress());
  }

  @ParameterizedTest
  @CsvSource({"10.77.0.10", "10.77.0.1", "10.77.0.254", "10.77.0.200", "8.8.8.8"})
  void theWishForAnotherAddressIsNot(String wish) throws Exception {
    Answer offer = answer(Request.of(DISCOVER, BETA).requested(wish));
    assertEquals("10.77.0.100", offer.packet().yiaddr().getHostAddress());
  }

  /** Firmware asks again within a second; the disk of a busy machine may take that long. */
  @Test
  void anOfferWaitsForNoDiskAndItsAcknowledgementDoes() throws Exception {
    clients.slow = true;
    Answer first = assertInstanceOf(Answer.class, decide(Request.of(DISCOVER, BETA)));
    String address = first.packet().yiaddr().getHostAddress();

    // The client asks again meanwhile, and so does another one.
    assertEquals(address, offered(BETA));
    assertNotEquals(address, offered(GAMMA));

    Request select = Request.of(REQUEST, BETA).server(SERVER).requested(address);
    AnswerWhenBound ack = assertInstanceOf(AnswerWhenBound.class, decide(select));
    AnswerWhenBound again = assertInstanceOf(AnswerWhenBound.class, decide(select));
    assertEquals(ACK, type(ack.answer()));
    assertEquals(address, ack.answer().packet().yiaddr().getHostAddress());
    assertFalse(ack.bound().toCompletableFuture().isDone());

    clients.write("beta").complete(null);
    assertTrue(ack.bound().toCompletableFuture().isDone());
    assertTrue(again.bound().toCompletableFuture().isDone());
    assertEquals(address, offered(BETA), "and it is its own now");
    assertInstanceOf(Answer.class, decide(select));
  }

  @Test
  void whileAnAddressIsOnItsWayNoOtherIsAcknowledged() throws Exception {
    clients.slow = true;
    assertEquals("10.77.0.100", offered(BETA));
    assertEquals(
        NAK, type(answer(Request.of(REQUEST, BETA).server(SERVER).requested("10.77.0.101"))));
  }

  @Test
  void anAddressThatCouldNotBeKeptIsRefusedAndReplacedByAnother() throws Exception {
    clients.slow = true;
    assertEquals("10.77.0.100", offered(BETA));
    Request select = Request.of(REQUEST, BETA).server(SERVER).requested("10.77.0.100");
    AnswerWhenBound ack = assertInstanceOf(AnswerWhenBound.class, decide(select));
    clients.write("beta").completeExceptionally(new IllegalStateException("disk full"));
    assertTrue(ack.bound().toCompletableFuture().isCompletedExceptionally());

    assertEquals(NAK, type(answer(select)));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("disk full"));
    clients.slow = false;
    assertEquals("10.77.0.101", offered(BETA));
  }

  @Test
  void anEmptyRangeIsSaidAndNotAnswered() throws Exception {
    clients
        .add("d", "52:54:00:77:00:04", Optional.of("10.77.0.100"))
        .add("e", "52:54:00:77:00:05", Optional.of("10.77.0.101"))
        .add("f", "52:54:00:77:00:06", Optional.of("10.77.0.102"));

    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, BETA)));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("widen dhcp.range"));
  }

  @Test
  void anAddressOfAnotherNetworkIsSaidAndNotAnswered() throws Exception {
    clients.add("d", "52:54:00:77:00:04", Optional.of("10.99.0.4"));

    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, "52:54:00:77:00:04")));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("not in 10.77.0.0/24"));
  }

  @Test
  void aPxeRomIsAnsweredWithoutABootFileAndLogged() throws Exception {
    Answer offer = answer(Request.of(DISCOVER, ALPHA).pxe());

    assertEquals("", offer.packet().bootFile());
    assertFalse(offer.packet().options().bytes(67).isPresent());
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("proxyDHCP"));
  }

  // ---- the beginning of a boot

  @Test
  void firmwareThatDiscoversIsTold() throws Exception {
    answer(Request.of(DISCOVER, ALPHA).pxe().xid(7));
    answer(Request.of(DISCOVER, ALPHA).ipxe().xid(8));
    assertEquals(List.of("alpha 7 FIRMWARE", "alpha 8 IPXE"), discovered);
  }

  @Test
  void aRetransmissionIsNotToldAgain() throws Exception {
    answer(Request.of(DISCOVER, ALPHA).ipxe().xid(8));
    answer(Request.of(DISCOVER, ALPHA).ipxe().xid(8));
    assertEquals(1, discovered.size());
  }

  @Test
  void anOperatingSystemsDiscoverIsNotTold() throws Exception {
    answer(Request.of(DISCOVER, ALPHA).linux());
    assertEquals(List.of(), discovered);
  }

  @Test
  void aStrangersDiscoverIsNotTold() throws Exception {
    decide(Request.of(DISCOVER, STRANGER).ipxe());
    assertEquals(List.of(), discovered);
  }

  // ---- REQUEST, RFC 2131 §4.3.2

  @Test
  void selectingOurOfferIsAcknowledged() throws Exception {
    offered(BETA);
    Answer ack = answer(Request.of(REQUEST, BETA).ipxe().server(SERVER).requested("10.77.0.100"));

    assertEquals(ACK, type(ack));
    assertEquals("10.77.0.100", ack.packet().yiaddr().getHostAddress());
    assertTrue(ack.packet().options().has(DhcpOption.ROOT_PATH));
  }

  @Test
  void selectingByAnyAddressOfOursIsAcknowledged() throws Exception {
    assertEquals(
        ACK,
        type(answer(Request.of(REQUEST, ALPHA).server("10.88.0.1").requested(ALPHAS_ADDRESS))));
  }

  @Test
  void selectingAnotherServersOfferIsNoneOfOurBusiness() throws Exception {
    assertInstanceOf(
        Silence.class,
        decide(Request.of(REQUEST, ALPHA).server("10.77.0.2").requested(ALPHAS_ADDRESS)));
  }

  @Test
  void selectingWhatWasNotOfferedIsRefused() throws Exception {
    Answer nak = answer(Request.of(REQUEST, ALPHA).server(SERVER).requested("10.77.0.11"));

    assertEquals(NAK, type(nak));
    assertEquals(EVERYBODY, nak.to().getHostAddress());
    assertFalse(nak.packet().options().has(DhcpOption.ROOT_PATH));
  }

  @ParameterizedTest
  @CsvSource({
    "10.77.0.10, ACK", // its own
    "10.77.0.11, NAK", // not its own
    "192.168.1.5, NAK" // the wrong network
  })
  void initRebootIsChecked(String requested, MessageType expected) throws Exception {
    assertEquals(expected, type(answer(Request.of(REQUEST, ALPHA).requested(requested))));
  }

  /** "If the DHCP server has no record of this client, then it MUST remain silent." */
  @Test
  void initRebootWithoutARecordIsLeftToOtherServers() throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(REQUEST, BETA).requested("10.77.0.100")));
    assertEquals(NAK, type(answer(Request.of(REQUEST, BETA).requested("192.168.1.5"))));
  }

  @Test
  void renewingIsAnsweredAtTheClientsAddress() throws Exception {
    Answer ack = answer(Request.of(REQUEST, ALPHA).ciaddr(ALPHAS_ADDRESS));

    assertEquals(ACK, type(ack));
    assertEquals(ALPHAS_ADDRESS, ack.to().getHostAddress());
    assertEquals(68, ack.port());
    assertEquals(ALPHAS_ADDRESS, ack.packet().ciaddr().getHostAddress());
  }

  @Test
  void renewingAnotherAddressIsRefusedByBroadcast() throws Exception {
    Answer nak = answer(Request.of(REQUEST, ALPHA).ciaddr("10.77.0.11"));

    assertEquals(NAK, type(nak));
    assertEquals(EVERYBODY, nak.to().getHostAddress());
  }

  @Test
  void rebindingThroughARelayIsAnsweredToTheRelay() throws Exception {
    Answer ack = answer(Request.of(REQUEST, ALPHA).ciaddr(ALPHAS_ADDRESS).giaddr("10.77.0.7"));

    assertEquals(ACK, type(ack));
    assertEquals("10.77.0.7", ack.to().getHostAddress());
    assertEquals(67, ack.port());
  }

  @Test
  void aRequestForNothingIsIgnored() throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(REQUEST, ALPHA).server(SERVER)));
  }

  // ---- DECLINE, RELEASE, INFORM

  @Test
  void aClientThatHasBootedKeepsItsAddressThoughItIsDeclined() throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    clients.boot("beta");
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.100"));

    assertEquals("10.77.0.100", offered(BETA));
    assertEquals(1, logged.list.size());
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("find the other machine"));
  }

  @Test
  void aClientThatBootsAfterItsDeclineKeepsItsAddress() throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.100"));
    clients.boot("beta");

    assertEquals("10.77.0.100", offered(BETA));
  }

  @Test
  void declinesMoveAClientOnceAnHourAndDoNotDrainTheRange() throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.100"));
    assertEquals("10.77.0.101", offered(BETA));
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.101"));
    assertEquals("10.77.0.101", offered(BETA));

    now += (Limits.QUARANTINE_SECONDS + 1) * 1_000_000_000L;
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.101"));
    assertEquals("10.77.0.102", offered(BETA));
  }

  @ParameterizedTest
  @CsvSource({SERVER, "10.77.0.254"})
  void theServersAndTheRoutersAddressAreNeverOffered(String address) throws Exception {
    clients.add("d", "52:54:00:77:00:04", Optional.of(address));

    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, "52:54:00:77:00:04")));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("the server's or the router"));
  }

  @Test
  void aDeclinedAddressIsNobodysForAnHour() throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    decide(Request.of(DECLINE, BETA).server(SERVER).requested("10.77.0.100"));

    assertEquals("10.77.0.101", offered(BETA));
    assertEquals("10.77.0.102", offered(GAMMA));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("10.77.0.100"));

    clients.add("delta", "52:54:00:77:00:04", Optional.empty());
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, "52:54:00:77:00:04")));
    now += (Limits.QUARANTINE_SECONDS + 1) * 1_000_000_000L;
    assertEquals("10.77.0.100", offered("52:54:00:77:00:04"));
  }

  @Test
  void aDeclinedConfiguredAddressStaysAndIsLogged() throws Exception {
    decide(Request.of(DECLINE, ALPHA).server(SERVER).requested(ALPHAS_ADDRESS));

    assertEquals(ALPHAS_ADDRESS, offered(ALPHA));
    assertTrue(logged.list.getFirst().getFormattedMessage().contains("find the other machine"));
  }

  @ParameterizedTest
  @CsvSource({"10.77.0.101, 10.77.0.1", "10.77.0.100, 10.77.0.2"})
  void nobodyCanDeclineWhatIsNotHis(String address, String server) throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    decide(Request.of(DECLINE, BETA).server(server).requested(address));

    assertEquals("10.77.0.100", offered(BETA));
    assertEquals("10.77.0.101", offered(GAMMA));
  }

  @Test
  void aReleaseChangesNothing() throws Exception {
    assertEquals("10.77.0.100", offered(BETA));
    assertInstanceOf(
        Silence.class, decide(Request.of(RELEASE, BETA).server(SERVER).ciaddr("10.77.0.100")));

    assertEquals("10.77.0.101", offered(GAMMA));
    assertEquals("10.77.0.100", offered(BETA));
  }

  @Test
  void informIsAnsweredAtTheClientsAddressWithoutALease() throws Exception {
    Answer ack = answer(Request.of(INFORM, ALPHA).ciaddr("10.77.0.77"));

    assertEquals(ACK, type(ack));
    assertEquals("10.77.0.77", ack.to().getHostAddress());
    assertEquals(DhcpPacket.NO_ADDRESS, ack.packet().yiaddr());
    assertFalse(ack.packet().options().has(DhcpOption.LEASE_SECONDS));
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0", "8.8.8.8", "10.77.0.255"})
  void informIsNotAnsweredToAnotherNetwork(String ciaddr) throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(INFORM, ALPHA).ciaddr(ciaddr)));
  }

  // ---- where the answer goes, RFC 2131 §4.1

  @ParameterizedTest
  @CsvSource({"0", "32768"})
  void anOfferIsBroadcastWhateverTheFlagSays(int flags) throws Exception {
    Answer offer = answer(Request.of(DISCOVER, ALPHA).flags(flags));

    assertEquals(EVERYBODY, offer.to().getHostAddress());
    assertEquals(68, offer.port());
    assertEquals(flags, offer.packet().flags());
  }

  @Test
  void aDiscoverCannotDirectItsAnswerAtSomebodyElse() throws Exception {
    assertEquals(
        EVERYBODY, answer(Request.of(DISCOVER, ALPHA).ciaddr("8.8.8.8")).to().getHostAddress());
  }

  @Test
  void aRelaysSubnetIsTheOneOfItsAddress() throws Exception {
    clients.add("far", "52:54:00:77:00:09", Optional.of("10.88.3.4"));
    Answer offer = answer(Request.of(DISCOVER, "52:54:00:77:00:09").giaddr("10.88.0.254"));

    assertEquals("10.88.0.254", offer.to().getHostAddress());
    assertEquals(67, offer.port());
    assertEquals("10.88.3.4", offer.packet().yiaddr().getHostAddress());
    assertEquals(
        Optional.of(Inet4Address.ofLiteral("255.255.0.0")),
        offer.packet().options().get(DhcpOption.SUBNET_MASK));
  }

  @Test
  void anUnknownRelayGetsNoAnswer() throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, ALPHA).giaddr("8.8.8.8")));
  }

  // ---- bounds

  @Test
  void oneClientCannotUseUpTheAnswers() throws Exception {
    int answers = 0;
    for (int i = 0; i < 1000; i++) {
      answers += decide(Request.of(DISCOVER, ALPHA).xid(i)) instanceof Answer ? 1 : 0;
    }
    assertEquals(Limits.CLIENT_BURST, answers);
    assertEquals("10.77.0.100", offered(BETA));

    now += 1_000_000_000L;
    assertEquals(ALPHAS_ADDRESS, offered(ALPHA));
  }

  @Test
  void packetsWithoutAnAnswerDoNotUseUpTheAnswers() throws Exception {
    for (int i = 0; i < 2 * Limits.CLIENT_BURST; i++) {
      decide(Request.of(RELEASE, ALPHA).server(SERVER).ciaddr(ALPHAS_ADDRESS));
      decide(Request.of(DECLINE, ALPHA).server(SERVER).requested("10.77.0.11"));
    }
    assertEquals(ALPHAS_ADDRESS, offered(ALPHA));
  }

  @Test
  void anOptionThatCannotBeReadIsAMalformedPacket() {
    Request request = Request.of(DISCOVER, ALPHA);
    DhcpPacket packet = request.packet();
    DhcpPacket broken =
        packet.withOptions(
            DhcpOptions.builder()
                .put(DhcpOption.MESSAGE_TYPE, REQUEST)
                .put(DhcpOption.SERVER_ID.code(), new byte[3])
                .build());
    assertThrows(MalformedDhcpException.class, () -> responder.decide(broken, SUBNET));
  }

  // ---- configuration

  @Test
  void aRangeOutsideItsNetworkIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> subnet("10.77.1.1", "10.77.1.2"));
    assertThrows(IllegalArgumentException.class, () -> subnet("10.77.0.1", "10.77.0.255"));
    assertThrows(IllegalArgumentException.class, () -> subnet("10.77.0.9", "10.77.0.8"));
  }

  @ParameterizedTest
  @CsvSource({"10.78.0.1", "0.0.0.0", "10.77.0.255"})
  void aRouterOutsideItsNetworkIsRefused(String router) {
    Inet4Address address = Inet4Address.ofLiteral(router);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new DhcpSubnet(
                "br0",
                Inet4Address.ofLiteral(SERVER),
                24,
                Optional.empty(),
                Optional.of(address),
                List.of()));
  }
}
