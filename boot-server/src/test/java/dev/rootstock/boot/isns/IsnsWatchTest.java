// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.ELSEWHERE;
import static dev.rootstock.boot.isns.IsnsResponderTest.HOME;
import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.MINE;
import static dev.rootstock.boot.isns.IsnsResponderTest.OPEN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 4171 §5.6.5.8 (SCN), §5.6.5.13 and §6.3.4 (ESI). */
class IsnsWatchTest {
  private static final int INTERVAL = 60;

  private final FakeIsnsTargets targets = new FakeIsnsTargets().add(MINE, ME);
  private long now = 1_000_000;
  private final IsnsDatabase database =
      new IsnsDatabase(IsnsResponderTest.SETTINGS, targets, () -> now);
  private final IsnsResponder responder = new IsnsResponder(database);
  private final IsnsWatch watch = new IsnsWatch(database);

  private void register(IsnsAttribute... ofPortal) {
    ask(
        IsnsFunction.DEVICE_REGISTER,
        List.of(),
        IsnsResponderTest.join(
            List.of(IsnsResponderTest.entity("me")),
            IsnsResponderTest.portal(HOME, ofPortal),
            IsnsResponderTest.node(ME)));
  }

  private void ask(IsnsFunction function, List<IsnsAttribute> key, List<IsnsAttribute> operating) {
    IsnsMessage answer =
        responder.answer(IsnsResponderTest.request(function, 0, ME, key, operating), HOME);
    assertEquals(0, answer.status().orElseThrow());
  }

  private void wantNotifications(int bitmap) {
    register(IsnsResponderTest.number(Tag.SCN_PORT, 0x10000 | 4444));
    ask(
        IsnsFunction.SCN_REGISTER,
        List.of(IsnsResponderTest.name(ME)),
        List.of(IsnsResponderTest.number(Tag.NODE_SCN_BITMAP, bitmap)));
  }

  private static List<String> text(List<IsnsWatch.Outgoing> due) {
    return due.stream()
        .flatMap(each -> each.message().attributes().stream())
        .filter(each -> !each.is(Tag.TIMESTAMP))
        .map(Object::toString)
        .toList();
  }

  // ---- notifications

  @Test
  void aTargetThatComesOrGoesIsToldOnce() {
    wantNotifications(Scn.ADDED | Scn.REMOVED);
    assertEquals(List.of(), watch.due());
    targets.add(OPEN, "any");
    List<IsnsWatch.Outgoing> due = watch.due();
    assertEquals(List.of("NODE_NAME=" + ME, "NODE_SCN_BITMAP=8", "NODE_NAME=" + OPEN), text(due));
    assertEquals(HOME, due.getFirst().address());
    assertEquals(new IsnsPort(4444, true), due.getFirst().port());
    assertEquals(List.of(), watch.due());
    targets.remove(MINE);
    assertEquals(
        List.of("NODE_NAME=" + ME, "NODE_SCN_BITMAP=16", "NODE_NAME=" + MINE), text(watch.due()));
  }

  @Test
  void whoDoesNotWantToKnowIsNotTold() {
    for (int bitmap : new int[] {0, Scn.REMOVED, Scn.ADDED | Scn.INITIATOR_AND_SELF_ONLY}) {
      wantNotifications(bitmap);
      targets.add(OPEN, "any");
      assertEquals(List.of(), watch.due(), "bitmap " + bitmap);
      targets.remove(OPEN);
      watch.due();
    }
    wantNotifications(Scn.ADDED | Scn.INITIATOR_AND_SELF_ONLY | Scn.TARGET_AND_SELF_ONLY);
    targets.add(OPEN, "any");
    assertEquals(1, watch.due().size());
  }

  @Test
  void othersTargetsAreNotToldOf() {
    wantNotifications(Scn.ADDED | Scn.REMOVED);
    targets.add("iqn.2026-11.dev.rootstock:test:others", "iqn.2001-04.com.example:other");
    assertEquals(List.of(), watch.due());
  }

  // ---- status inquiries

  private void inquireMe() {
    register(
        IsnsResponderTest.number(Tag.ESI_INTERVAL, INTERVAL),
        IsnsResponderTest.number(Tag.ESI_PORT, 0x10000 | 5555));
  }

  /** The messages of so many seconds. */
  private List<IsnsWatch.Outgoing> after(int seconds) {
    List<IsnsWatch.Outgoing> due = new ArrayList<>();
    for (int i = 0; i < seconds; i++) {
      now++;
      due.addAll(watch.due());
    }
    return due;
  }

  private void answer(IsnsMessage inquiry, InetAddress from) {
    watch.answered(
        inquiry.answered(IsnsMessage.FROM_CLIENT, IsnsStatus.SUCCESSFUL, inquiry.attributes()),
        from);
  }

  @Test
  void anEntityIsAskedAtItsIntervalAndStaysWhileItAnswers() {
    inquireMe();
    for (int i = 0; i < 5; i++) {
      assertEquals(List.of(), after(INTERVAL - 1));
      List<IsnsWatch.Outgoing> due = after(1);
      assertEquals(
          List.of("ENTITY_ID=me", "PORTAL_ADDRESS=10.77.0.20", "PORTAL_PORT=3260"), text(due));
      assertEquals(new IsnsPort(5555, true), due.getFirst().port());
      answer(due.getFirst().message(), HOME);
    }
    assertEquals(1, database.entities().count());
  }

  /** RFC 4171 §6.3.4: all attempts before twice the interval, and nothing goes before that. */
  @Test
  void anEntityThatDoesNotAnswerIsRemovedAfterTwiceTheInterval() {
    inquireMe();
    assertEquals(Limits.ESI_ATTEMPTS, after(2 * INTERVAL - 1).size());
    assertEquals(1, database.entities().count());
    assertEquals(List.of(), after(1));
    assertEquals(0, database.entities().count());
  }

  @Test
  void anAnswerFromElsewhereIsNone() {
    inquireMe();
    answer(after(INTERVAL).getFirst().message(), ELSEWHERE);
    after(INTERVAL);
    assertEquals(0, database.entities().count());
  }

  /** RFC 4171 §6.3.4: the interval begins with an answer, and no question is one. */
  @Test
  void oneThatAsksSomethingIsAskedAllTheSame() {
    inquireMe();
    assertEquals(List.of(), after(INTERVAL - 1));
    ask(IsnsFunction.DEVICE_QUERY, List.of(), List.of());
    assertEquals(1, after(1).size());
    ask(IsnsFunction.DEVICE_QUERY, List.of(), List.of());
    after(INTERVAL);
    assertEquals(0, database.entities().count());
  }

  /** RFC 4171 §6.3.5. */
  @Test
  void inquiriesWithoutAPortAreRefusedAndTheirIntervalIsBounded() {
    IsnsMessage refused =
        responder.answer(
            IsnsResponderTest.request(
                IsnsFunction.DEVICE_REGISTER,
                0,
                ME,
                List.of(),
                IsnsResponderTest.join(
                    List.of(IsnsResponderTest.entity("me")),
                    IsnsResponderTest.portal(HOME, IsnsResponderTest.number(Tag.ESI_INTERVAL, 60)),
                    IsnsResponderTest.node(ME))),
            HOME);
    assertEquals(21, refused.status().orElseThrow());
    register(
        IsnsResponderTest.number(Tag.ESI_INTERVAL, 1),
        IsnsResponderTest.number(Tag.ESI_PORT, 5555));
    assertEquals(Limits.LEAST_ESI, database.entities().findFirst().orElseThrow().inquiryInterval());
  }
}
