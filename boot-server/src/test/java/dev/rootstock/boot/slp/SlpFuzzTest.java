// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Messages, filters and attribute lists of strangers. */
class SlpFuzzTest {
  private static final int ROOM = 256 << 10;

  /** What can be read can be written, and is then read as the same. */
  @FuzzTest(maxDuration = "2m")
  void aMessageIsRefusedOrComesBack(byte[] bytes) {
    SlpMessage message;
    try {
      message = SlpMessage.read(ByteBuffer.wrap(bytes));
    } catch (SlpException e) {
      return;
    }
    try {
      SlpMessage again = SlpMessage.read(ByteBuffer.wrap(message.encode(ROOM)));
      assertEquals(message.body().function(), again.body().function());
      assertEquals(again, SlpMessage.read(ByteBuffer.wrap(again.encode(ROOM))));
    } catch (SlpException e) {
      throw new AssertionError("what we write cannot be read", e);
    }
  }

  /** Both agents answer with one whole message, or not at all. */
  @FuzzTest(maxDuration = "2m")
  void anAgentAnswersWithAMessageOrNotAtAll(byte[] bytes) {
    long[] now = {0};
    SlpResponder responder =
        SlpResponderTest.responder(
            true,
            FakeTargets.of(List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.1"))),
            () -> now[0] += TimeUnit.SECONDS.toNanos(1));
    for (boolean unicast : new boolean[] {true, false}) {
      responder
          .answer(bytes, SlpResponderTest.CLIENT, unicast, SlpResponderTest.NETWORK)
          .ifPresent(answer -> check(answer, Limits.MESSAGE));
    }
    responder
        .answerStream(bytes, SlpResponderTest.CLIENT, SlpResponderTest.NETWORK)
        .ifPresent(answer -> check(answer, Limits.STREAM_MESSAGE));
    Optional<byte[]> next =
        responder.answer(
            SlpResponderTest.golden("unicast-request.bin"),
            SlpResponderTest.CLIENT,
            true,
            SlpResponderTest.NETWORK);
    assertTrue(next.isPresent());
  }

  private static void check(byte[] answer, int most) {
    assertTrue(answer.length <= most);
    try {
      assertFalse(SlpMessage.read(ByteBuffer.wrap(answer)).body().function().isRequest());
    } catch (SlpException e) {
      throw new AssertionError("what we answer cannot be read", e);
    }
  }

  /** A filter is refused or has an answer for whatever attributes there are. */
  @FuzzTest(maxDuration = "2m")
  void aFilterIsRefusedOrHasAnAnswer(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int cut = text.length() / 2;
    Attributes attributes = Attributes.NONE;
    try {
      attributes = Attributes.parse(text.substring(cut));
      String written =
          String.join(",", attributes.byKey().values().stream().map(Attribute::text).toList());
      assertEquals(attributes.byKey().keySet(), Attributes.parse(written).byKey().keySet());
    } catch (SlpException e) {
      // then without attributes
    }
    try {
      Filter filter = FilterParser.parse(text.substring(0, cut));
      assertEquals(filter.test(attributes, true), new Filter.Not(filter).matches(attributes));
    } catch (SlpException e) {
      assertTrue(e.error() == SlpError.PARSE_ERROR || e.error() == SlpError.INVALID_REGISTRATION);
    }
  }
}
