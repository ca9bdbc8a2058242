// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.ELSEWHERE;
import static dev.rootstock.boot.isns.IsnsResponderTest.HOME;
import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.MINE;
import static dev.rootstock.boot.isns.IsnsResponderTest.OTHER;
import static dev.rootstock.boot.isns.IsnsResponderTest.entity;
import static dev.rootstock.boot.isns.IsnsResponderTest.join;
import static dev.rootstock.boot.isns.IsnsResponderTest.name;
import static dev.rootstock.boot.isns.IsnsResponderTest.node;
import static dev.rootstock.boot.isns.IsnsResponderTest.number;
import static dev.rootstock.boot.isns.IsnsResponderTest.operating;
import static dev.rootstock.boot.isns.IsnsResponderTest.portal;
import static dev.rootstock.boot.isns.IsnsResponderTest.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Portal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a registration and its end have to look like (RFC 4171 §5.6.4, §5.6.5, §5.7.5, §6.2). */
class IsnsRegistrationTest {
  private final FakeIsnsTargets targets = new FakeIsnsTargets().add(MINE, ME);
  private long now = 1_000_000;
  private final IsnsDatabase database =
      new IsnsDatabase(IsnsResponderTest.SETTINGS, targets, () -> now);
  private final IsnsResponder responder = new IsnsResponder(database);

  private IsnsMessage ask(
      IsnsFunction function,
      String source,
      InetAddress from,
      List<IsnsAttribute> key,
      List<IsnsAttribute> operating) {
    return responder.answer(IsnsResponderTest.request(function, 0, source, key, operating), from);
  }

  private List<String> query(
      String source, InetAddress from, List<IsnsAttribute> key, Tag... wanted) {
    List<IsnsAttribute> asked = Arrays.stream(wanted).map(IsnsAttribute::empty).toList();
    return operating(ask(IsnsFunction.DEVICE_QUERY, source, from, key, asked));
  }

  private int register(String source, InetAddress from, List<IsnsAttribute> operating) {
    return status(ask(IsnsFunction.DEVICE_REGISTER, source, from, List.of(), operating));
  }

  private void registerMe() {
    assertEquals(0, register(ME, HOME, join(List.of(entity("me")), portal(HOME), node(ME))));
  }

  /** RFC 4171 §5.6.4 and §5.6.5.1: keys first, the entity first, each object once. */
  @Test
  void objectsOutOfOrderAreRefused() {
    IsnsAttribute address = IsnsAttribute.of(Tag.PORTAL_ADDRESS, HOME);
    IsnsAttribute port = number(Tag.PORTAL_PORT, 3260);
    IsnsAttribute scn = number(Tag.SCN_PORT, 4444);
    List<IsnsAttribute> me = List.of(entity("me"));
    assertEquals(2, register(ME, HOME, join(me, List.of(address, scn, port), node(ME))));
    assertEquals(2, register(ME, HOME, join(me, List.of(port, address), node(ME))));
    assertEquals(2, register(ME, HOME, join(node(ME), me)));
    assertEquals(2, register(ME, HOME, join(me, node(ME), node(ME))));
    assertEquals(2, register(ME, HOME, join(me, List.of(entity("you")), node(ME))));
    assertEquals(0, register(ME, HOME, join(me, List.of(address, port, scn), node(ME))));
  }

  /** RFC 4171 §5.7.5.1: what was said explicitly comes back, what was not does not. */
  @Test
  void theAnswerHoldsWhatWasRegistered() {
    assertEquals(
        List.of(
            "ENTITY_ID=me",
            "ENTITY_PROTOCOL=2",
            "REGISTRATION_PERIOD=3600",
            "NODE_NAME=" + ME,
            "NODE_TYPE=2"),
        operating(
            ask(
                IsnsFunction.DEVICE_REGISTER,
                ME,
                HOME,
                List.of(entity("me")),
                join(List.of(entity("me"), number(Tag.ENTITY_PROTOCOL, 2)), node(ME)))));
  }

  /** RFC 4171 §6.2.1. */
  @Test
  void anEntityIsTheSameInCapitals() {
    registerMe();
    assertEquals(0, register(ME, HOME, join(List.of(entity("ME")), node(ME), node(OTHER))));
    assertEquals(List.of("ENTITY_ID=me"), query(ME, HOME, List.of(entity("Me")), Tag.ENTITY_ID));
    assertEquals(2, query(ME, HOME, List.of(entity("me")), Tag.NODE_NAME).size());
    assertTrue(
        query(ME, HOME, List.of(entity("me"))).stream().noneMatch(e -> e.startsWith("NODE")));
    assertEquals(
        0, status(ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), List.of(entity("mE")))));
    assertEquals(0, database.entities().count());
  }

  /** RFC 4171 §6.2.4. */
  @Test
  void anEntityHasTheTimeOfItsOwnersLastMessage() {
    registerMe();
    now += 100;
    assertEquals(
        List.of("TIMESTAMP=" + now), query(ME, HOME, List.of(entity("me")), Tag.TIMESTAMP));
    assertEquals(
        3, register(ME, HOME, join(List.of(entity("me"), IsnsAttribute.of(Tag.TIMESTAMP, 7L)))));
  }

  /** RFC 4171 §6.2.8 and its like, §6.9. */
  @Test
  void whatAServerSaysOfItselfIsNotRegistered() throws Exception {
    for (int tag : new int[] {8, 24, 38, 53, 256, 300, 2052, 2079}) {
      IsnsAttribute theirs = IsnsAttribute.of(tag, new byte[] {0, 0, 0, 9});
      assertEquals(
          3, register(ME, HOME, join(List.of(entity("me"), theirs), node(ME))), "tag " + tag);
    }
    assertEquals(
        18,
        register(
            ME, HOME, join(List.of(entity("me"), IsnsAttribute.of(11, new byte[4])), node(ME))));
  }

  /** RFC 4171 §5.6.5.2: an attribute that nobody has a value for is none, and not everything. */
  @Test
  void anUnknownAttributeAloneIsNothing() throws Exception {
    for (List<IsnsAttribute> key : List.of(List.<IsnsAttribute>of(), List.of(name(MINE)))) {
      assertEquals(
          List.of(),
          operating(
              ask(
                  IsnsFunction.DEVICE_QUERY,
                  ME,
                  HOME,
                  key,
                  List.of(IsnsAttribute.of(8, new byte[0])))));
    }
  }

  /** RFC 4171 §5.6.5.4. */
  @Test
  void deregistrationNamesOneObjectByItsKeyOrIndex() {
    registerMe();
    register(OTHER, ELSEWHERE, join(List.of(entity("you")), portal(ELSEWHERE), node(OTHER)));
    for (List<IsnsAttribute> wrong :
        List.of(
            List.of(number(Tag.NODE_TYPE, 2)),
            List.of(IsnsAttribute.empty(Tag.NODE_NAME)),
            List.of(IsnsAttribute.of(Tag.PORTAL_ADDRESS, HOME)),
            List.of(IsnsAttribute.of(Tag.PORTAL_ADDRESS, HOME), name(ME)))) {
      assertEquals(22, status(ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), wrong)));
    }
    int others =
        database
            .entityOf(OTHER, ELSEWHERE)
            .orElseThrow()
            .nodes()
            .getFirst()
            .value(Tag.NODE_INDEX)
            .number();
    for (List<IsnsAttribute> refused :
        List.of(
            portal(InetAddress.ofLiteral("10.77.0.1")),
            List.of(number(Tag.PORTAL_INDEX, 2)),
            portal(ELSEWHERE),
            List.of(number(Tag.NODE_INDEX, others)))) {
      IsnsMessage answer = ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), refused);
      assertEquals(8, status(answer));
      assertTrue(answer.attributes().containsAll(refused));
    }
    int mine =
        database.entityOf(ME, HOME).orElseThrow().nodes().getFirst().value(Tag.NODE_INDEX).number();
    assertEquals(
        0,
        status(
            ask(
                IsnsFunction.DEVICE_DEREGISTER,
                ME,
                HOME,
                List.of(),
                List.of(number(Tag.NODE_INDEX, mine)))));
    assertEquals(List.of(), query(ME, HOME, List.of(name(ME)), Tag.NODE_NAME));
  }

  /** A request has up to 1,024 keys, and there are some 2,048 entities to look for each in. */
  @Test
  void theKeysOfOthersAreCollectedOnceARequest() {
    registerMe();
    register(OTHER, ELSEWHERE, join(List.of(entity("you")), portal(ELSEWHERE), node(OTHER)));
    AtomicInteger walked = new AtomicInteger();
    KeysOfOthers others =
        new KeysOfOthers(database.entities().peek(_ -> walked.incrementAndGet()), HOME);
    RegisteredEntity theirs = database.entityOf(OTHER, ELSEWHERE).orElseThrow();
    for (List<IsnsAttribute> key :
        List.of(
            List.of(entity("YOU")),
            List.of(name(OTHER)),
            portal(ELSEWHERE),
            List.of(theirs.nodes().getFirst().value(Tag.NODE_INDEX)),
            List.of(theirs.portals().getFirst().value(Tag.PORTAL_INDEX)))) {
      assertTrue(others.has(key), key.toString());
    }
    assertFalse(others.has(List.of(name(ME))));
    assertFalse(others.has(portal(HOME)));
    assertEquals(2, walked.get());
  }

  @Test
  void ourTargetsIndexIsRefusedAndNoOther() {
    registerMe();
    for (int index = 0; index < 20; index++) {
      int wanted = index;
      boolean ours =
          database.view(ME, HOME, Set.of()).objects().stream()
              .filter(each -> each.type() == ObjectType.NODE && each.entity() == 1)
              .anyMatch(each -> each.value(Tag.NODE_INDEX).number() == wanted);
      assertEquals(ours, database.isOurs(List.of(number(Tag.NODE_INDEX, index))), "" + index);
    }
  }

  @Test
  void whatIsRememberedOfGroupsIsBoundedAndGoesWithTheirEntity() {
    for (int i = 0; i < 100; i++) {
      IsnsAttribute address = IsnsAttribute.of(Tag.PORTAL_ADDRESS, ELSEWHERE);
      List<IsnsAttribute> portal = List.of(address, number(Tag.PORTAL_PORT, 4_000 + i));
      assertEquals(
          0, register(OTHER, ELSEWHERE, join(List.of(entity("you")), portal, node(OTHER))));
      assertEquals(1, query(OTHER, ELSEWHERE, List.of(name(OTHER)), Tag.GROUP_INDEX).size());
      ask(IsnsFunction.DEVICE_DEREGISTER, OTHER, ELSEWHERE, List.of(), portal);
    }
    assertEquals(Limits.GROUPS_OF_ENTITY, database.groups());
    ask(IsnsFunction.DEVICE_DEREGISTER, OTHER, ELSEWHERE, List.of(), List.of(entity("you")));
    assertEquals(0, database.groups());
  }

  /** RFC 4171 §6.5.5: as long as we run, and it is no other's. */
  @Test
  void aPortalGroupKeepsItsIndex() {
    IsnsAttribute address = IsnsAttribute.of(Tag.PORTAL_ADDRESS, HOME);
    List<IsnsAttribute> second = List.of(address, number(Tag.PORTAL_PORT, 3261));
    register(ME, HOME, join(List.of(entity("me")), portal(HOME), second, node(ME)));
    List<String> before = query(ME, HOME, List.of(name(ME)), Tag.GROUP_PORT, Tag.GROUP_INDEX);
    assertEquals(4, before.size());
    assertEquals(4, before.stream().distinct().count());
    assertEquals(0, status(ask(IsnsFunction.DEVICE_DEREGISTER, ME, HOME, List.of(), portal(HOME))));
    assertEquals(
        before.subList(2, 4), query(ME, HOME, List.of(name(ME)), Tag.GROUP_PORT, Tag.GROUP_INDEX));
    register(ME, HOME, join(List.of(entity("me")), portal(HOME)));
    assertTrue(
        query(ME, HOME, List.of(name(ME)), Tag.GROUP_PORT, Tag.GROUP_INDEX).containsAll(before));
  }

  /** RFC 4171 §3.4, §5.6.5.2: each portal that a disk is reached by, with its portal group. */
  @Test
  void aTargetIsToldWithAllItsPortals() {
    IsnsSettings settings =
        new IsnsSettings(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(
                new Portal(new InetSocketAddress("10.77.0.1", 3260), 1),
                new Portal(new InetSocketAddress("10.78.0.1", 3261), 7)),
            "iqn.2026-11.dev.rootstock:test");
    IsnsResponder several = new IsnsResponder(new IsnsDatabase(settings, targets, () -> now));
    IsnsMessage answer =
        several.answer(
            IsnsResponderTest.request(
                IsnsFunction.DEVICE_QUERY,
                0,
                ME,
                List.of(name(MINE)),
                List.of(
                    IsnsAttribute.empty(Tag.PORTAL_ADDRESS),
                    IsnsAttribute.empty(Tag.PORTAL_PORT),
                    IsnsAttribute.empty(Tag.PORTAL_INDEX),
                    IsnsAttribute.empty(Tag.GROUP_ADDRESS),
                    IsnsAttribute.empty(Tag.GROUP_TAG))),
            HOME);
    assertEquals(
        List.of(
            "PORTAL_ADDRESS=10.77.0.1",
            "PORTAL_PORT=3260",
            "PORTAL_INDEX=2",
            "PORTAL_ADDRESS=10.78.0.1",
            "PORTAL_PORT=3261",
            "PORTAL_INDEX=3",
            "GROUP_ADDRESS=10.77.0.1",
            "GROUP_TAG=1",
            "GROUP_ADDRESS=10.78.0.1",
            "GROUP_TAG=7"),
        operating(answer));
  }
}
