// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Portal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** RFC 4171 §5.6 and §5.7, and who may say and see what. */
class IsnsResponderTest {
  static final String ME = "iqn.2001-04.com.example:me";
  static final String OTHER = "iqn.2001-04.com.example:other";
  static final String MINE = "iqn.2026-11.dev.rootstock:test:mine";
  static final String OPEN = "iqn.2026-11.dev.rootstock:test:open";
  static final String OTHERS = "iqn.2026-11.dev.rootstock:test:others";
  static final InetAddress HOME = InetAddress.ofLiteral("10.77.0.20");
  static final InetAddress ELSEWHERE = InetAddress.ofLiteral("10.77.0.21");

  static final IsnsSettings SETTINGS =
      new IsnsSettings(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
          List.of(new Portal(new InetSocketAddress("10.77.0.1", 3260))),
          "iqn.2026-11.dev.rootstock:test");

  private final FakeIsnsTargets targets =
      new FakeIsnsTargets().add(MINE, ME).add(OPEN, "any").add(OTHERS, OTHER);
  private long now = 1_000_000;
  private final IsnsDatabase database = new IsnsDatabase(SETTINGS, targets, () -> now);
  private final IsnsResponder responder = new IsnsResponder(database);

  static IsnsAttribute name(String name) {
    return IsnsAttribute.of(Tag.NODE_NAME, name);
  }

  static IsnsAttribute entity(String id) {
    return IsnsAttribute.of(Tag.ENTITY_ID, id);
  }

  static IsnsAttribute number(Tag tag, int value) {
    return IsnsAttribute.of(tag, value);
  }

  static List<IsnsAttribute> node(String name) {
    return List.of(name(name), number(Tag.NODE_TYPE, 2));
  }

  static List<IsnsAttribute> portal(InetAddress address, IsnsAttribute... more) {
    return join(
        List.of(IsnsAttribute.of(Tag.PORTAL_ADDRESS, address), number(Tag.PORTAL_PORT, 3260)),
        List.of(more));
  }

  @SafeVarargs
  static List<IsnsAttribute> join(List<IsnsAttribute>... parts) {
    List<IsnsAttribute> all = new ArrayList<>();
    for (List<IsnsAttribute> part : parts) {
      all.addAll(part);
    }
    return List.copyOf(all);
  }

  static IsnsMessage request(
      IsnsFunction function,
      int flags,
      String source,
      List<IsnsAttribute> key,
      List<IsnsAttribute> operating) {
    return IsnsMessage.request(
        function,
        IsnsMessage.FROM_CLIENT | flags,
        7,
        join(List.of(name(source)), key, List.of(IsnsAttribute.DELIMITER), operating));
  }

  private IsnsMessage ask(
      IsnsFunction function,
      String source,
      InetAddress from,
      List<IsnsAttribute> key,
      List<IsnsAttribute> operating) {
    IsnsMessage answer = responder.answer(request(function, 0, source, key, operating), from);
    assertEquals(function.responseId(), answer.function());
    assertEquals(7, answer.transaction());
    return answer;
  }

  static int status(IsnsMessage answer) {
    return answer.status().orElseThrow();
  }

  /** What follows the delimiter, as text. */
  static List<String> operating(IsnsMessage answer) {
    assertEquals(0, status(answer));
    int delimiter = answer.attributes().indexOf(IsnsAttribute.DELIMITER);
    return answer.attributes().stream().skip(delimiter + 1L).map(Object::toString).toList();
  }

  private List<String> query(
      String source, InetAddress from, List<IsnsAttribute> key, Tag... wanted) {
    return operating(
        ask(
            IsnsFunction.DEVICE_QUERY,
            source,
            from,
            key,
            Arrays.stream(wanted).map(IsnsAttribute::empty).toList()));
  }

  private int register(String source, InetAddress from, List<IsnsAttribute> operating) {
    return status(ask(IsnsFunction.DEVICE_REGISTER, source, from, List.of(), operating));
  }

  private int registerMe(IsnsAttribute... ofPortal) {
    return register(ME, HOME, join(List.of(entity("me")), portal(HOME, ofPortal), node(ME)));
  }

  // ---- queries

  @Test
  void oneSeesOnesOwnTargetsAndTheOpenOnes() {
    List<String> all = query(ME, HOME, List.of(), Tag.NODE_NAME);
    assertEquals(List.of("NODE_NAME=" + MINE, "NODE_NAME=" + OPEN), all);
    assertEquals(
        List.of("NODE_NAME=" + OPEN),
        query("iqn.2001-04.com.example:nobody", HOME, List.of(), Tag.NODE_NAME));
  }

  /** RFC 4173 §6 and RFC 4171 §5.6.5.2: each match is followed by what belongs to it. */
  @Test
  void aTargetIsFollowedByItsPortalsAndTheirGroups() {
    assertEquals(
        List.of(
            "NODE_NAME=" + MINE,
            "NODE_TYPE=1",
            "PORTAL_ADDRESS=10.77.0.1",
            "PORTAL_PORT=3260",
            "GROUP_TAG=1"),
        query(
            ME,
            HOME,
            List.of(name(MINE)),
            Tag.NODE_NAME,
            Tag.NODE_TYPE,
            Tag.PORTAL_ADDRESS,
            Tag.PORTAL_PORT,
            Tag.GROUP_TAG));
    assertEquals(
        List.of("NODE_NAME=" + MINE, "PORTAL_PORT=3260", "NODE_NAME=" + OPEN, "PORTAL_PORT=3260"),
        query(
            ME, HOME, List.of(IsnsAttribute.empty(Tag.NODE_NAME)), Tag.NODE_NAME, Tag.PORTAL_PORT));
  }

  @Test
  void aTargetThatIsNamedInFullIsTold() {
    assertEquals(
        List.of("NODE_NAME=" + OTHERS), query(ME, HOME, List.of(name(OTHERS)), Tag.NODE_NAME));
  }

  @Test
  void withoutOperatingAttributesAllAreReturned() {
    List<String> all = query(ME, HOME, List.of(name(MINE)));
    assertTrue(all.contains("NODE_ALIAS=mine"), all.toString());
  }

  @Test
  void attributesWithoutAValueAndUnknownOnesAreLeftOut() throws Exception {
    IsnsMessage answer =
        ask(
            IsnsFunction.DEVICE_QUERY,
            ME,
            HOME,
            List.of(name(MINE)),
            List.of(
                IsnsAttribute.empty(Tag.NODE_SCN_BITMAP),
                IsnsAttribute.of(641, new byte[0]),
                IsnsAttribute.empty(Tag.NODE_TYPE)));
    assertEquals(List.of("NODE_TYPE=1"), operating(answer));
  }

  @Test
  void whatMatchesNothingIsNoError() {
    assertEquals(List.of(), query(ME, HOME, List.of(number(Tag.NODE_TYPE, 4)), Tag.NODE_NAME));
  }

  /** The discovery domains mirror who may see what: the disk and oneself, and nobody else. */
  @Test
  void domainsHoldATargetAndOneself() {
    List<String> members =
        query(ME, HOME, List.of(), Tag.DOMAIN_NAME, Tag.DOMAIN_MEMBER_NAME, Tag.DOMAIN_FEATURES);
    assertEquals(
        List.of(
            "DOMAIN_NAME=mine",
            "DOMAIN_MEMBER_NAME=" + MINE,
            "DOMAIN_MEMBER_NAME=" + ME,
            "DOMAIN_FEATURES=1",
            "DOMAIN_NAME=open",
            "DOMAIN_MEMBER_NAME=" + OPEN,
            "DOMAIN_MEMBER_NAME=" + ME,
            "DOMAIN_FEATURES=1"),
        members);
    assertEquals(
        List.of("DOMAIN_NAME=mine"), query(ME, HOME, List.of(name(MINE)), Tag.DOMAIN_NAME));
  }

  @Test
  void getNextReturnsEachObjectOnce() {
    List<String> seen = new ArrayList<>();
    IsnsAttribute key = IsnsAttribute.empty(Tag.NODE_NAME);
    for (int i = 0; i < 10; i++) {
      IsnsMessage answer = ask(IsnsFunction.DEVICE_GET_NEXT, ME, HOME, List.of(key), List.of());
      if (status(answer) != 0) {
        assertEquals(9, status(answer)); // No Such Entry
        break;
      }
      key = answer.attributes().getFirst();
      seen.add(key.text());
    }
    assertEquals(List.of(MINE, OPEN), seen);
  }

  @Test
  void getNextGoesOnBehindAnObjectThatIsGone() {
    IsnsMessage answer =
        ask(
            IsnsFunction.DEVICE_GET_NEXT,
            ME,
            HOME,
            List.of(name("iqn.2026-11.dev.rootstock:test:n")),
            List.of(IsnsAttribute.empty(Tag.NODE_TYPE)));
    assertEquals(OPEN, answer.attributes().getFirst().text());
    assertEquals(List.of("NODE_TYPE=1"), operating(answer));
  }

  @Test
  void getNextIsScopedByValues() {
    registerMe();
    IsnsMessage answer =
        ask(
            IsnsFunction.DEVICE_GET_NEXT,
            ME,
            HOME,
            List.of(IsnsAttribute.empty(Tag.NODE_NAME)),
            List.of(number(Tag.NODE_TYPE, 1)));
    assertEquals(MINE, answer.attributes().getFirst().text());
  }

  // ---- registration

  @Test
  void anInitiatorRegistersItselfAndSeesItself() {
    assertEquals(0, registerMe());
    assertEquals(
        List.of("NODE_NAME=" + ME, "ENTITY_ID=me", "REGISTRATION_PERIOD=3600"),
        query(ME, HOME, List.of(name(ME)), Tag.NODE_NAME, Tag.ENTITY_ID, Tag.REGISTRATION_PERIOD));
    assertTrue(!query(OTHER, ELSEWHERE, List.of(), Tag.NODE_NAME).toString().contains(ME));
    assertTrue(!query(ME, ELSEWHERE, List.of(), Tag.ENTITY_ID).toString().contains("ENTITY_ID=me"));
  }

  @Test
  void anEntityWithoutANameGetsOne() {
    IsnsMessage answer =
        ask(
            IsnsFunction.DEVICE_REGISTER,
            ME,
            HOME,
            List.of(IsnsAttribute.empty(Tag.ENTITY_ID)),
            join(
                List.of(
                    IsnsAttribute.empty(Tag.ENTITY_ID),
                    number(Tag.ENTITY_PROTOCOL, 2),
                    number(Tag.REGISTRATION_PERIOD, 5)),
                node(ME)));
    assertTrue(answer.attributes().getFirst().text().startsWith("isns:"));
    // RFC 4171 §5.7.5.1: the period was set otherwise than asked for.
    assertTrue(operating(answer).contains("REGISTRATION_PERIOD=60"));
  }

  @Test
  void whatAStrangerMayNotSayIsRefused() {
    List<IsnsAttribute> ok = join(List.of(entity("me")), portal(HOME), node(ME));
    assertEquals(3, register(ME, HOME, join(List.of(entity("me")), portal(ELSEWHERE), node(ME))));
    assertEquals(3, register(ME, HOME, join(ok, List.of(name(OPEN), number(Tag.NODE_TYPE, 1)))));
    for (int type : new int[] {0, 1, 3, 4, 6}) {
      assertEquals(
          3, register(ME, HOME, List.of(entity("me"), name(ME), number(Tag.NODE_TYPE, type))));
    }
    assertEquals(3, register(ME, HOME, join(List.of(entity("me")), node(OTHER))), "not the source");
    assertEquals(3, register(ME, HOME, List.of(entity("me"), name(ME))), "no type");
    assertEquals(3, register(ME, HOME, join(List.of(entity("isns:7")), node(ME))));
    assertEquals(
        8, register(ME, HOME, join(List.of(entity("iqn.2026-11.dev.rootstock:TEST")), node(ME))));
    assertEquals(
        3,
        register(
            ME,
            HOME,
            join(
                List.of(entity("me"), IsnsAttribute.of(Tag.MANAGEMENT_ADDRESS, ELSEWHERE)),
                node(ME))));
    assertEquals(3, register(ME, HOME, join(ok, List.of(number(Tag.NODE_INDEX, 9)))));
    assertEquals(
        23, register(ME, HOME, join(ok, List.of(IsnsAttribute.of(Tag.GROUP_NODE_NAME, ME)))));
    assertEquals(2, register(ME, HOME, join(List.of(number(Tag.NODE_TYPE, 2)), node(ME))));
    assertEquals(3, register(ME, HOME, List.of()));
    assertEquals(0, database.entities().count());
  }

  @Test
  void nobodyTakesAnothersNameOrEntity() {
    registerMe();
    assertEquals(8, register(ME, ELSEWHERE, join(List.of(entity("x")), node(ME))));
    assertEquals(8, register(OTHER, ELSEWHERE, join(List.of(entity("ME")), node(OTHER))));
    IsnsMessage dereg =
        ask(IsnsFunction.DEVICE_DEREGISTER, OTHER, ELSEWHERE, List.of(), List.of(entity("me")));
    assertEquals(8, status(dereg));
    assertEquals(1, database.entities().count());
  }

  @Test
  void aRefusedUpdateLeavesWhatThereWas() {
    registerMe();
    assertEquals(
        3, register(ME, HOME, join(List.of(entity("me")), node(ME), List.of(name(OTHER)))));
    assertEquals(List.of("NODE_NAME=" + ME), query(ME, HOME, List.of(entity("me")), Tag.NODE_NAME));
    assertEquals(
        List.of("PORTAL_ADDRESS=10.77.0.20"),
        query(ME, HOME, List.of(entity("me")), Tag.PORTAL_ADDRESS));
  }

  @Test
  void anUpdateAddsAndReplacementTakesAway() {
    registerMe();
    List<IsnsAttribute> second = join(List.of(entity("me")), node(OTHER));
    assertEquals(
        0, status(ask(IsnsFunction.DEVICE_REGISTER, ME, HOME, List.of(entity("me")), second)));
    assertEquals(2, query(ME, HOME, List.of(entity("me")), Tag.NODE_NAME).size());
    IsnsMessage replacing =
        responder.answer(
            request(
                IsnsFunction.DEVICE_REGISTER,
                IsnsMessage.REPLACE,
                ME,
                List.of(entity("me")),
                join(List.of(entity("me")), node(ME))),
            HOME);
    assertEquals(0, status(replacing));
    assertEquals(List.of("NODE_NAME=" + ME), query(ME, HOME, List.of(entity("me")), Tag.NODE_NAME));
    assertEquals(List.of(), query(ME, HOME, List.of(entity("me")), Tag.PORTAL_ADDRESS));
  }

  @Test
  void deregistrationTakesWhatIsOnesOwn() {
    registerMe();
    List<IsnsAttribute> portal = portal(HOME);
    assertEquals(0, status(ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), portal)));
    assertEquals(List.of(), query(ME, HOME, List.of(entity("me")), Tag.PORTAL_ADDRESS));
    IsnsMessage ours =
        ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), List.of(name(MINE)));
    assertEquals(8, status(ours));
    assertTrue(ours.attributes().contains(name(MINE)));
    assertEquals(
        0, status(ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), List.of(name(ME)))));
    assertEquals(0, database.entities().count());
    assertEquals(
        0,
        status(
            ask(
                IsnsFunction.DEVICE_DEREGISTER,
                ME,
                HOME,
                List.of(),
                List.of(name("iqn.2001-04.com.example:never")))));
  }

  @Test
  void aRegistrationEndsWithItsPeriodUnlessItsOwnerSpeaks() {
    registerMe();
    now += Limits.PERIOD - 1;
    query(ME, HOME, List.of(), Tag.NODE_NAME);
    now += Limits.PERIOD - 1;
    assertEquals(1, query(ME, HOME, List.of(name(ME)), Tag.NODE_NAME).size());
    now += Limits.PERIOD + 1;
    assertEquals(0, query(ME, HOME, List.of(name(ME)), Tag.NODE_NAME).size());
  }

  @Test
  void registrationsAreBoundedForOneAddressAndInAll() {
    int taken = 0;
    for (int host = 0; host < 1_000; host++) {
      InetAddress from = InetAddress.ofLiteral("10.78." + host / 250 + "." + (1 + host % 250));
      for (int i = 0; i < Limits.ENTITIES_OF_ONE + 1; i++) {
        String node = "iqn.2001-04.com.example:n" + host + "." + i;
        int status = register(node, from, join(List.of(entity(host + "." + i)), node(node)));
        assertTrue(status == 0 || status == 12);
        taken += status == 0 ? 1 : 0;
      }
      assertTrue(taken <= (host + 1) * Limits.ENTITIES_OF_ONE);
      if (host == 600) {
        break;
      }
    }
    assertEquals(Limits.ENTITIES, taken);
  }

  @Test
  void anEntityIsBounded() {
    List<IsnsAttribute> nodes = new ArrayList<>(List.of(entity("me")));
    for (int i = 0; i <= Limits.NODES; i++) {
      nodes.addAll(node("iqn.2001-04.com.example:m" + i));
    }
    assertEquals(3, register("iqn.2001-04.com.example:m0", HOME, nodes));
    assertEquals(0, database.entities().count());
  }

  // ---- whatever else

  @Test
  void requestsThatAreNoneGetTheirStatus() {
    assertEquals(
        7, status(responder.answer(IsnsMessageTest.query(List.of()), HOME)), "source absent");
    assertEquals(
        7, status(responder.answer(IsnsMessageTest.query(List.of(IsnsAttribute.DELIMITER)), HOME)));
    assertEquals(
        6,
        status(
            responder.answer(
                IsnsMessageTest.query(List.of(entity("me"), IsnsAttribute.DELIMITER)), HOME)));
    assertEquals(2, status(responder.answer(IsnsMessageTest.query(List.of(name(ME))), HOME)));
    assertEquals(
        5,
        status(
            ask(IsnsFunction.DEVICE_QUERY, ME, HOME, List.of(name(ME), entity("me")), List.of())));
    for (IsnsFunction function :
        List.of(
            IsnsFunction.DOMAIN_REGISTER,
            IsnsFunction.DOMAIN_DEREGISTER,
            IsnsFunction.DOMAIN_SET_REGISTER,
            IsnsFunction.DOMAIN_SET_DEREGISTER)) {
      assertEquals(8, status(ask(function, ME, HOME, List.of(), List.of())));
    }
    IsnsMessage unknown =
        new IsnsMessage(0x000E, 0x8000, 7, OptionalInt.empty(), List.of(name(ME)));
    assertEquals(15, status(responder.answer(unknown, HOME)));
  }

  @Test
  void notificationsNeedARegistrationAndAPort() {
    List<IsnsAttribute> bitmap = List.of(number(Tag.NODE_SCN_BITMAP, Scn.ADDED | Scn.REMOVED));
    assertEquals(6, status(ask(IsnsFunction.SCN_REGISTER, ME, HOME, List.of(name(ME)), bitmap)));
    registerMe();
    assertEquals(17, status(ask(IsnsFunction.SCN_REGISTER, ME, HOME, List.of(name(ME)), bitmap)));
    registerMe(number(Tag.SCN_PORT, 4444));
    assertEquals(0, status(ask(IsnsFunction.SCN_REGISTER, ME, HOME, List.of(name(ME)), bitmap)));
    assertEquals(
        17,
        status(
            ask(
                IsnsFunction.SCN_REGISTER,
                ME,
                HOME,
                List.of(name(ME)),
                List.of(number(Tag.NODE_SCN_BITMAP, Scn.MANAGEMENT)))));
    assertEquals(8, status(ask(IsnsFunction.SCN_REGISTER, ME, HOME, List.of(name(MINE)), bitmap)));
    assertEquals(
        0, status(ask(IsnsFunction.SCN_DEREGISTER, ME, HOME, List.of(name(ME)), List.of())));
    assertEquals(0, status(ask(IsnsFunction.SCN_EVENT, ME, HOME, List.of(name(ME)), bitmap)));
    assertEquals(8, status(ask(IsnsFunction.SCN_EVENT, ME, HOME, List.of(name(MINE)), bitmap)));
  }
}
