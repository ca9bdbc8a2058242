// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.net.OnceLog;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The look at the network before an address is offered: RFC 2131 §3.1 item 2. */
class ConflictCheckTest {
  private static final String MAC = "52:54:00:77:00:01";
  private static final String OTHER = "52:54:00:77:00:02";
  private static final String FIRST = "10.77.0.100";
  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
          "br0",
          Inet4Address.ofLiteral("10.77.0.1"),
          24,
          Optional.of(
              new AddressRange(
                  Inet4Address.ofLiteral(FIRST), Inet4Address.ofLiteral("10.77.0.110"))),
          Optional.empty(),
          List.of());

  private final Map<String, CompletableFuture<Optional<String>>> looks = new HashMap<>();
  private final List<String> looked = new ArrayList<>();
  private long seconds;

  private final AddressProbe probe =
      new AddressProbe() {
        @Override
        public CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address) {
          looked.add(address.getHostAddress());
          return looks.computeIfAbsent(address.getHostAddress(), a -> new CompletableFuture<>());
        }

        @Override
        public void close() {}
      };

  private final FakeClients clients =
      new FakeClients().add("alpha", MAC, Optional.empty()).add("beta", OTHER, Optional.empty());
  private final DhcpResponder responder =
      new DhcpResponder(
          new SubnetChoice(List.of(SUBNET)),
          clients,
          (client, xid, stage) -> {},
          BootPrograms.NONE,
          new AddressPool(
              clients,
              new LeaseTable(() -> seconds),
              new ConflictCheck(probe, this::nanos),
              this::nanos),
          Optional.empty(),
          false,
          new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, this::nanos),
          this::nanos);

  private long nanos() {
    return seconds * 1_000_000_000L;
  }

  private AnswerWhenBound discover(String mac, int xid) throws Exception {
    return assertInstanceOf(
        AnswerWhenBound.class,
        responder.decide(Request.of(DISCOVER, mac).xid(xid).packet(), SUBNET));
  }

  private void answered(String address, Optional<String> who) {
    Objects.requireNonNull(looks.get(address)).complete(who);
  }

  private static String address(AnswerWhenBound offer) {
    return offer.answer().packet().yiaddr().getHostAddress();
  }

  @Test
  void anOfferWaitsUntilNobodyAnswered() throws Exception {
    AnswerWhenBound offer = discover(MAC, 1);
    assertFalse(offer.bound().toCompletableFuture().isDone());
    assertFalse(clients.isTaken(Inet4Address.ofLiteral(FIRST)), "nothing is bound yet");

    answered(FIRST, Optional.empty());
    assertTrue(offer.bound().toCompletableFuture().isDone());
    assertFalse(offer.bound().toCompletableFuture().isCompletedExceptionally());
    assertEquals(FIRST, address(offer));
  }

  /** Firmware asks again while we look: it is answered too, and one look is enough. */
  @Test
  void aRetryJoinsTheLookThatIsUnderWay() throws Exception {
    AnswerWhenBound first = discover(MAC, 1);
    AnswerWhenBound retry = discover(MAC, 2);
    answered(FIRST, Optional.empty());

    assertEquals(List.of(FIRST), looked);
    assertEquals(address(first), address(retry));
    assertEquals(2, retry.answer().packet().xid());
    assertTrue(retry.bound().toCompletableFuture().isDone());
  }

  @Test
  void anAddressThatAnotherHasIsNotOfferedAndTheRetryGetsTheNext() throws Exception {
    AnswerWhenBound first = discover(MAC, 1);
    answered(FIRST, Optional.of(OTHER));
    assertTrue(first.bound().toCompletableFuture().isCompletedExceptionally());

    AnswerWhenBound retry = discover(MAC, 2);
    assertEquals("10.77.0.101", address(retry));
    assertEquals("10.77.0.102", address(discover(OTHER, 3)), "nor to anybody else");
  }

  /** The machine itself, which kept the address from before: no conflict. */
  @Test
  void theMachineItselfIsNoOther() throws Exception {
    AnswerWhenBound offer = discover(MAC, 1);
    answered(FIRST, Optional.of(MAC));

    assertFalse(offer.bound().toCompletableFuture().isCompletedExceptionally());
  }

  @Test
  void anAddressInUseByItsClientIsNotLookedFor() throws Exception {
    discover(MAC, 1);
    answered(FIRST, Optional.empty());
    assertInstanceOf(
        Answer.class, responder.decide(Request.of(DISCOVER, MAC).xid(2).packet(), SUBNET));
    assertEquals(List.of(FIRST), looked);
  }

  @Test
  void whatWasFoundHoldsForAWhile() throws Exception {
    ConflictCheck check = new ConflictCheck(probe, this::nanos);
    Inet4Address address = Inet4Address.ofLiteral(FIRST);
    CompletableFuture<?> first =
        check.clear(SUBNET, address, Request.of(DISCOVER, MAC).packet().chaddr());
    answered(FIRST, Optional.empty());
    assertTrue(first.isDone());
    assertEquals(List.of(), check.found());

    assertTrue(check.clear(SUBNET, address, Request.of(DISCOVER, MAC).packet().chaddr()).isDone());
    assertEquals(1, looked.size());
    seconds += Limits.PROBED_SECONDS + 1;
    CompletableFuture<?> _ =
        check.clear(SUBNET, address, Request.of(DISCOVER, MAC).packet().chaddr());
    assertEquals(2, looked.size());
  }

  /** What the network does not answer is held for a moment, and only so much of it. */
  @Test
  void aFloodIsNotLookedForWithoutBound() throws Exception {
    ConflictCheck check = new ConflictCheck(probe, this::nanos);
    for (int i = 0; i < 2 * Limits.PROBES; i++) {
      Inet4Address address = AddressRange.address(0x0A4D_0000L + i);
      CompletableFuture<?> clear =
          check.clear(SUBNET, address, Request.of(DISCOVER, MAC).packet().chaddr());
      assertEquals(i >= Limits.PROBES, clear.isDone());
    }
    assertEquals(Limits.PROBES, looked.size());
  }
}
