// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.slp.ForeignDirectories.Outgoing;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A service agent beside somebody else's directory agent, which is our own (RFC 2608 §12). */
class ForeignDirectoriesTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Inet4Address DIRECTORY = SlpResponderTest.NETWORK.address();
  private static final Inet4Address GROUP = Inet4Address.ofLiteral("239.255.255.253");
  private static final SlpNetwork HERE =
      new SlpNetwork("eth1", Inet4Address.ofLiteral("192.0.2.60"), 24);

  private final List<SlpTarget> targets =
      new ArrayList<>(List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.1")));
  private long now;
  private final SlpResponder directory =
      SlpResponderTest.responder(true, FakeTargets.of(List.of()), () -> now);
  private final ForeignDirectories agent = agent(true, List.of());

  private ForeignDirectories agent(boolean registering, List<Inet4Address> configured) {
    try {
      SlpSettings settings =
          new SlpSettings(
              List.of(HERE),
              List.of("lab", "DEFAULT"),
              false,
              Optional.of(new InetSocketAddress("192.0.2.60", 3205)),
              registering,
              configured);
      return new ForeignDirectories(
          settings,
          new SlpResponder(settings, FakeTargets.of(targets), SlpResponderTest.START, () -> now)
              .catalog(),
          () -> now,
          new Random(2608));
    } catch (SlpException e) {
      throw new AssertionError(e);
    }
  }

  /** Lets time go by; the directory agent hears and answers what is sent to it or to all. */
  private List<Outgoing> live(ForeignDirectories asked, int seconds, boolean answering) {
    List<Outgoing> all = new ArrayList<>();
    for (int i = 0; i < seconds; i++) {
      now += SECOND;
      List<Outgoing> due = asked.due();
      while (!due.isEmpty()) {
        all.addAll(due);
        if (!answering) {
          break;
        }
        due.forEach(each -> deliver(asked, each));
        due = asked.due();
      }
    }
    return all;
  }

  private void live(int seconds) {
    live(agent, seconds, true);
  }

  private void deliver(ForeignDirectories asked, Outgoing message) {
    if (message.to().equals(GROUP) || message.to().equals(DIRECTORY)) {
      directory
          .answer(
              message.message().encode(Limits.MESSAGE),
              HERE.address(),
              message.to().equals(DIRECTORY),
              SlpResponderTest.NETWORK)
          .ifPresent(reply -> asked.take(reply, DIRECTORY, HERE));
    }
  }

  /** What the directory agent tells somebody. */
  private List<String> told(String type) throws SlpException {
    now += SECOND;
    byte[] reply =
        directory
            .answer(
                new Rqst().type(type).bytes(),
                SlpResponderTest.CLIENT,
                true,
                SlpResponderTest.NETWORK)
            .orElseThrow();
    return assertInstanceOf(ServiceReply.class, SlpMessage.read(ByteBuffer.wrap(reply)).body())
        .urls()
        .stream()
        .map(UrlEntry::url)
        .toList();
  }

  private List<String> targetsTold() throws SlpException {
    return told(SlpTarget.TYPE);
  }

  private static byte[] advert(int timestamp, String address, String scopes) {
    return advert(timestamp, address, scopes, "");
  }

  private static byte[] advert(int timestamp, String address, String scopes, String attributes) {
    String url = DirectoryAdvert.SCHEME + address;
    return new SlpMessage(
            0, 0, "en", new DirectoryAdvert(0, timestamp, url, scopes, attributes, ""))
        .encode(Limits.MESSAGE);
  }

  private static List<Outgoing> registrations(List<Outgoing> sent) {
    return sent.stream()
        .filter(each -> each.message().body().function() == SlpFunction.SERVICE_REGISTRATION)
        .toList();
  }

  @Test
  void whatEverybodyMaySeeIsRegisteredWithADirectoryAgentThatIsFound() throws Exception {
    live(10);
    assertEquals(
        List.of("service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.1"),
        targetsTold());
    assertEquals(List.of("service:iscsi:sms://192.0.2.60:3205"), told("service:iscsi:sms"));
  }

  @Test
  void whatChangesIsToldAndWhatIsGoneIsTakenBack() throws Exception {
    live(10);
    targets.clear();
    targets.add(SlpResponderTest.target("iqn.2001-04.com.example:sn.2"));
    live(10);
    assertEquals(
        List.of("service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.2"),
        targetsTold());
  }

  @Test
  void registrationsOutliveTheirLifetime() throws Exception {
    live(3 * Limits.REGISTERED_SECONDS);
    assertEquals(1, targetsTold().size());
  }

  @Test
  void manyTargetsAreRegisteredOneAfterTheOther() throws Exception {
    targets.clear();
    IntStream.range(0, 100)
        .mapToObj(i -> SlpResponderTest.target("iqn.2001-04.com.example:sn." + i))
        .forEach(targets::add);
    live(200);
    // A reply over UDP is cut; the registrations are all there.
    targets.clear();
    long taken =
        live(agent, 200, true).stream()
            .filter(each -> each.message().body().function() == SlpFunction.SERVICE_DEREGISTER)
            .map(Outgoing::message)
            .distinct()
            .count();
    assertEquals(100, taken);
    assertEquals(List.of(), targetsTold());
  }

  @Test
  void whenWeEndAllIsTakenBack() throws Exception {
    live(10);
    List<Outgoing> farewell = agent.farewell();
    assertEquals(2, farewell.size());
    farewell.forEach(each -> deliver(agent, each));
    assertEquals(List.of(), targetsTold());
    assertEquals(List.of(), told("service:iscsi:sms"));
  }

  /** RFC 2608 §12.2.2. */
  @Test
  void aDirectoryAgentThatHasLostAllHearsAllAgain() {
    live(10);
    assertEquals(List.of(), registrations(live(agent, 30, true)));
    agent.take(advert(-1, "192.0.2.3", "DEFAULT"), DIRECTORY, HERE);
    assertEquals(2, registrations(live(agent, 10, true)).size());
  }

  /** RFC 2608 §8.5: neither a refreshment nor a change comes sooner than it wants them. */
  @Test
  void aDirectoryAgentSaysHowOftenItMayBeTold() throws Exception {
    byte[] wish = advert(-1, "192.0.2.3", "DEFAULT", "(min-refresh-interval=5000)");
    agent.take(wish, DIRECTORY, HERE);
    List<Outgoing> first = registrations(live(agent, 10, true));
    assertEquals(2, first.size());
    for (Outgoing each : first) {
      ServiceRegistration registration = (ServiceRegistration) each.message().body();
      assertEquals(10_000, registration.entry().lifetimeSeconds());
    }
    targets.set(
        0,
        new SlpTarget(
            new IscsiName("iqn.2001-04.com.example:sn.1"),
            new ServerName("192.0.2.3"),
            3260,
            2,
            SlpAccess.OPEN));
    assertEquals(List.of(), registrations(live(agent, 4_980, true)));
    assertEquals(2, registrations(live(agent, 40, true)).size());
    assertEquals(1, targetsTold().size());
  }

  /** What else it says of itself in a way that we do not read is no reason to do without it. */
  @Test
  void aDirectoryAgentWhoseAttributesDisagreeIsRegisteredWith() {
    Inet4Address other = Inet4Address.ofLiteral("192.0.2.9");
    agent.take(advert(7, "192.0.2.9", "DEFAULT", "(load=1,high)"), other, HERE);
    List<Outgoing> sent = registrations(live(agent, 10, false));
    assertEquals(
        Set.of("default"),
        sent.stream()
            .filter(each -> each.to().equals(other))
            .map(each -> ((ServiceRegistration) each.message().body()).scopes())
            .collect(Collectors.toSet()));
  }

  @Test
  void aDirectoryAgentThatEndsIsToldNothingMore() {
    live(10);
    agent.take(advert(0, "192.0.2.3", "DEFAULT"), DIRECTORY, HERE);
    targets.clear();
    assertEquals(List.of(), live(agent, 60, false));
  }

  /** RFC 2608 §12.3: with growing pauses, and not for long. It is all that a forger can cause. */
  @Test
  void oneThatDoesNotAnswerGetsOneMessageAFewTimes() {
    live(agent, 60, false);
    targets.add(SlpResponderTest.target("iqn.2001-04.com.example:sn.2"));
    agent.take(advert(7, "192.0.2.9", "DEFAULT"), Inet4Address.ofLiteral("192.0.2.9"), HERE);
    List<Outgoing> sent = registrations(live(agent, 600, false));
    assertTrue(sent.size() > 1 && sent.size() <= 4, "sent " + sent.size());
    assertEquals(1, sent.stream().map(Outgoing::message).distinct().count());
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.9, 192.0.2.8, DEFAULT", // another's door
    "192.0.2.60, 192.0.2.60, DEFAULT", // ourselves
    "198.51.100.9, 198.51.100.9, DEFAULT", // off the link
    "192.0.2.255, 192.0.2.255, DEFAULT", // everybody
    "192.0.2.9, 192.0.2.9, elsewhere" // no scope of ours
  })
  void whoIsNoDirectoryAgentForUsIsToldNothing(String source, String named, String scopes) {
    agent.take(advert(7, named, scopes), Inet4Address.ofLiteral(source), HERE);
    assertEquals(List.of(), registrations(live(agent, 30, false)));
  }

  @Test
  void directoryAgentsAreBounded() {
    for (int i = 70; i < 70 + 3 * Limits.DIRECTORIES; i++) {
      String address = "192.0.2." + i;
      agent.take(advert(7, address, "lab"), Inet4Address.ofLiteral(address), HERE);
    }
    Set<Inet4Address> asked = new HashSet<>();
    registrations(live(agent, 30, false)).forEach(each -> asked.add(each.to()));
    assertEquals(Limits.DIRECTORIES, asked.size());
  }

  @Test
  void aConfiguredDirectoryAgentMayBeElsewhere() {
    Inet4Address far = Inet4Address.ofLiteral("203.0.113.5");
    ForeignDirectories configured = agent(true, List.of(far));
    assertTrue(live(configured, 10, false).stream().anyMatch(each -> each.to().equals(far)));
    configured.take(advert(7, "203.0.113.5", "DEFAULT"), far, HERE);
    assertEquals(far, registrations(live(configured, 5, false)).getFirst().to());
  }

  /** RFC 2608 §8, §12. */
  @Test
  void directoryAgentsAreLookedForByOneQuestionThatNamesScopesToTheGroupOnly() {
    Inet4Address far = Inet4Address.ofLiteral("203.0.113.5");
    ForeignDirectories configured = agent(true, List.of(far));
    List<Outgoing> asked = live(configured, 20, false);
    assertEquals(2 * Limits.FIND_ATTEMPTS, asked.size());
    assertEquals(1, asked.stream().map(each -> each.message().xid()).distinct().count());
    for (Outgoing each : asked) {
      ServiceRequest request = (ServiceRequest) each.message().body();
      assertEquals(each.to().equals(GROUP) ? "lab,default" : "", request.scopes());
    }
    int xid = asked.getFirst().message().xid();
    List<Outgoing> later = live(configured, (int) Limits.DIRECTORY_FIND.toSeconds(), false);
    assertTrue(later.stream().noneMatch(each -> each.message().xid() == xid));
    assertTrue(!later.isEmpty());
  }

  @Test
  void nothingIsSaidWhereRegisteringIsOff() {
    ForeignDirectories silent = agent(false, List.of());
    silent.take(advert(7, "192.0.2.3", "DEFAULT"), DIRECTORY, HERE);
    assertEquals(List.of(), live(silent, 60, true));
  }

  @Test
  void rubbishIsNothing() {
    Random random = new Random(427);
    for (int i = 0; i < 5_000; i++) {
      byte[] message = advert(i, "192.0.2.9", "DEFAULT");
      for (int j = random.nextInt(4); j >= 0; j--) {
        message[random.nextInt(message.length)] = (byte) random.nextInt();
      }
      agent.take(message, Inet4Address.ofLiteral("192.0.2." + (i % 200 + 1)), HERE);
    }
    live(10);
    assertTrue(live(agent, 1, true).size() <= 3 * Limits.DIRECTORIES);
  }
}
