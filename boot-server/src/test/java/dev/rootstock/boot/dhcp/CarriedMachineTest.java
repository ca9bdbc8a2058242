// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A client's card on another network: forged while its machine is at work, carried afterwards. */
class CarriedMachineTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final Inet4Address HOME = Inet4Address.ofLiteral("10.77.0.10");
  private static final DhcpSubnet SUBNET = subnet("br0", "10.77.0.");
  private static final DhcpSubnet OTHER = subnet("br1", "10.88.0.");
  private static final IpxeOptions SECRET =
      DhcpClient.HINTS.with(IpxeOptions.PASSWORD, "a-secret-of-alpha");

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final List<Integer> discovered = new ArrayList<>();
  private Optional<Inet4Address> configured = Optional.empty();
  private Inet4Address recorded = HOME;
  private Optional<Inet4Address> atWork = Optional.of(HOME);

  private final DhcpClients clients =
      new DhcpClients() {
        @Override
        public Recognised recognise(MachineKeys keys) {
          return new Recognised.Known(
              new DhcpClient(
                  "alpha",
                  configured,
                  Optional.of(recorded),
                  true,
                  Optional.empty(),
                  Optional.empty(),
                  SECRET,
                  false));
        }

        @Override
        public boolean isTaken(Inet4Address address) {
          return address.equals(recorded);
        }

        @Override
        public CompletionStage<?> remember(DhcpClient client, Inet4Address address) {
          recorded = address;
          return CompletableFuture.completedFuture(null);
        }
      };

  private final DiscoverListener listener =
      new DiscoverListener() {
        @Override
        public void discovered(String client, int xid, BootStage stage) {
          discovered.add(xid);
        }

        @Override
        public boolean isAtWork(String client, Inet4Address address) {
          return client.equals("alpha") && atWork.filter(address::equals).isPresent();
        }
      };

  private final DhcpResponder responder =
      new DhcpResponder(
          List.of(SUBNET, OTHER), clients, listener, BootPrograms.NONE, once(), () -> 0);

  private static DhcpSubnet subnet(String link, String prefix) {
    return new DhcpSubnet(
        link,
        Inet4Address.ofLiteral(prefix + "1"),
        24,
        Optional.of(
            new AddressRange(
                Inet4Address.ofLiteral(prefix + "100"), Inet4Address.ofLiteral(prefix + "102"))),
        Optional.empty(),
        List.of());
  }

  private OnceLog once() {
    Logger log = (Logger) LoggerFactory.getLogger("carried-machine-test");
    log.setAdditive(false);
    log.detachAndStopAllAppenders();
    logged.start();
    log.addAppender(logged);
    return new OnceLog(log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, () -> 0);
  }

  private Decision decide(Request request, DhcpSubnet link) throws Exception {
    return responder.decide(request.ipxe().packet(), link);
  }

  private Answer offer(int xid, DhcpSubnet link) throws Exception {
    return assertInstanceOf(Answer.class, decide(Request.of(DISCOVER, MAC).xid(xid), link));
  }

  @Test
  void anotherNetworkGetsNothingWhileTheMachineIsAtWork() throws Exception {
    for (int xid = 1; xid <= 3; xid++) {
      assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, MAC).xid(xid), OTHER));
      assertInstanceOf(
          Silence.class, decide(Request.of(REQUEST, MAC).xid(xid).requested("10.88.0.100"), OTHER));
    }
    assertEquals(HOME, recorded);
    assertEquals(List.of(), discovered, "nothing opens a candidate");
    assertEquals(1, logged.list.size(), logged.list::toString);
  }

  @Test
  void aRelayAgentOfAnotherNetworkGetsNothingEither() throws Exception {
    assertInstanceOf(
        Silence.class, decide(Request.of(DISCOVER, MAC).giaddr("10.88.0.254"), SUBNET));
    assertEquals(HOME, recorded);
  }

  @Test
  void itsOwnNetworkIsAnsweredEachTime() throws Exception {
    for (int i = 0; i < 4; i++) {
      assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, MAC).xid(9), OTHER));
      Answer offer = offer(7, SUBNET);
      assertEquals(HOME, offer.packet().yiaddr());
      assertEquals(Optional.of(SECRET), offer.packet().options().get(DhcpOption.IPXE));
    }
    Answer ack =
        assertInstanceOf(
            Answer.class,
            decide(Request.of(REQUEST, MAC).requested(HOME.getHostAddress()), SUBNET));
    assertEquals(Optional.of(MessageType.ACK), ack.packet().messageType());
    assertEquals(List.of(7), discovered);
  }

  @Test
  void itGetsANewAddressOnceTheOldPlaceIsEmpty() throws Exception {
    assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, MAC).xid(1), OTHER));
    atWork = Optional.empty();
    Inet4Address fresh = Inet4Address.ofLiteral("10.88.0.100");
    for (int i = 0; i < 2; i++) {
      Answer offer = offer(1, OTHER);
      assertEquals(fresh, offer.packet().yiaddr());
      assertEquals(Optional.of(SECRET), offer.packet().options().get(DhcpOption.IPXE));
    }
    assertEquals(fresh, recorded);
    assertEquals(List.of(1), discovered);
  }

  /** A configured address is never moved: its packets are judged as they always were. */
  @Test
  void aConfiguredAddressIsNotAskedAfter() throws Exception {
    configured = Optional.of(HOME);
    assertEquals(HOME, offer(1, SUBNET).packet().yiaddr());
    Silence silence =
        assertInstanceOf(Silence.class, decide(Request.of(DISCOVER, MAC).xid(2), OTHER));
    assertEquals("the configured address cannot be used here", silence.reason());
  }
}
