// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.HOME;
import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.entity;
import static dev.rootstock.boot.isns.IsnsResponderTest.join;
import static dev.rootstock.boot.isns.IsnsResponderTest.name;
import static dev.rootstock.boot.isns.IsnsResponderTest.node;
import static dev.rootstock.boot.isns.IsnsResponderTest.number;
import static dev.rootstock.boot.isns.IsnsResponderTest.portal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Requests that are short, and would cost much. */
class IsnsFloodTest {
  private final IsnsDatabase database =
      new IsnsDatabase(IsnsResponderTest.SETTINGS, new FakeIsnsTargets(), () -> 1_000_000);
  private final IsnsResponder responder = new IsnsResponder(database);

  private int ask(IsnsFunction function, List<IsnsAttribute> key, List<IsnsAttribute> operating) {
    return responder
        .answer(IsnsResponderTest.request(function, 0, ME, key, operating), HOME)
        .status()
        .orElseThrow();
  }

  private static int drain(EmbeddedChannel channel) {
    int answers = 0;
    channel.runPendingTasks();
    for (ByteBuf each = channel.readOutbound(); each != null; each = channel.readOutbound()) {
      each.release();
      answers++;
      channel.runPendingTasks();
    }
    return answers;
  }

  /** What one reading brings may be a thousand requests; their answers must not pile up. */
  @Test
  void nothingIsAnsweredWhileAnswersAreNotTaken() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new IsnsConnection(HOME, responder, new IsnsWatch(database), Duration.ofMinutes(10)));
    byte[] request =
        IsnsResponderTest.request(
                IsnsFunction.DEVICE_QUERY,
                0,
                ME,
                List.of(),
                List.of(IsnsAttribute.empty(Tag.NODE_NAME)))
            .encode();
    ByteBuf many = Unpooled.buffer();
    for (int i = 0; i < 100; i++) {
      many.writeBytes(request);
    }
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
    channel.writeInbound(many);
    channel.runPendingTasks();
    assertNull(channel.readOutbound());
    assertEquals(false, channel.config().isAutoRead());
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
    assertEquals(100, drain(channel));
    assertTrue(channel.config().isAutoRead());
    assertEquals(0, many.refCnt());
    var _ = channel.close();
  }

  @Test
  void whatWaitsIsReleasedWhenTheConnectionEnds() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new IsnsConnection(HOME, responder, new IsnsWatch(database), Duration.ofMinutes(10)));
    ByteBuf bytes = Unpooled.buffer().writeZero(1_000);
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
    channel.writeInbound(bytes);
    var _ = channel.close();
    channel.runPendingTasks();
    assertEquals(0, bytes.refCnt());
  }

  @Test
  void aQueryNamesSoManyAttributesAndGoesToAndFroSoOften() {
    List<IsnsAttribute> many = new ArrayList<>();
    for (int i = 0; i <= Limits.ASKED; i++) {
      many.add(IsnsAttribute.empty(Tag.NODE_NAME));
    }
    int refused = IsnsStatus.INVALID_QUERY.code();
    assertEquals(refused, ask(IsnsFunction.DEVICE_QUERY, List.of(), many));
    assertEquals(refused, ask(IsnsFunction.DEVICE_GET_NEXT, many, List.of()));
    List<IsnsAttribute> alternating = new ArrayList<>();
    for (int i = 0; i <= Limits.RUNS / 2; i++) {
      alternating.add(IsnsAttribute.empty(Tag.NODE_NAME));
      alternating.add(IsnsAttribute.empty(Tag.PORTAL_ADDRESS));
    }
    assertEquals(refused, ask(IsnsFunction.DEVICE_QUERY, List.of(), alternating));
  }

  @Test
  void nodesThatComeAndGoLeaveNothingBehind() {
    IsnsAttribute port = number(Tag.SCN_PORT, 5_000);
    assertEquals(
        0,
        ask(
            IsnsFunction.DEVICE_REGISTER,
            List.of(),
            join(List.of(entity("me")), portal(HOME, port), node(ME))));
    for (int i = 0; i < 50; i++) {
      String guest = "iqn.2001-04.com.example:guest" + i;
      assertEquals(0, ask(IsnsFunction.DEVICE_REGISTER, List.of(entity("me")), node(guest)));
      assertEquals(
          0,
          ask(
              IsnsFunction.SCN_REGISTER,
              List.of(name(guest)),
              List.of(number(Tag.NODE_SCN_BITMAP, Scn.ADDED))));
      assertEquals(0, ask(IsnsFunction.DEVICE_DEREGISTER, List.of(), List.of(name(guest))));
    }
    Optional<RegisteredEntity> mine = database.entityOf(ME, HOME);
    assertEquals(0, mine.orElseThrow().notified.size());
  }
}
