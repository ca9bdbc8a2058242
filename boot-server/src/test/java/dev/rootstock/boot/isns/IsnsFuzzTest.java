// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Messages of strangers. */
class IsnsFuzzTest {
  private static final Tag[] TAGS = Tag.values();

  /** What can be read can be written, and is then read as the same. */
  @FuzzTest(maxDuration = "2m")
  void aPayloadIsRefusedOrComesBack(byte[] bytes) {
    int function = bytes.length > 0 ? bytes[0] & 0x800F : 2;
    try {
      IsnsMessage message = IsnsMessage.read(function, 0, 1, ByteBuffer.wrap(bytes));
      Optional<IsnsMessage> again = IsnsMessageTest.assemble(message.encode(), 1 << 24);
      assertEquals(message.attributes(), again.orElseThrow().attributes());
      assertEquals(message.status(), again.get().status());
    } catch (IsnsException e) {
      assertEquals(IsnsStatus.MESSAGE_FORMAT_ERROR, e.status());
    }
  }

  /** Whoever knows the attributes and not the rules gets one answer to each request. */
  @FuzzTest(maxDuration = "2m")
  void everyRequestHasOneAnswerAndTheDatabaseIsBounded(FuzzedDataProvider input) {
    long[] now = {1_000_000};
    IsnsDatabase database =
        new IsnsDatabase(
            IsnsResponderTest.SETTINGS,
            new FakeIsnsTargets().add(IsnsResponderTest.MINE, IsnsResponderTest.ME),
            () -> now[0]);
    IsnsResponder responder = new IsnsResponder(database);
    IsnsWatch watch = new IsnsWatch(database);
    for (int i = 0; i < 16 && input.remainingBytes() > 0; i++) {
      IsnsFunction function = input.pickValue(IsnsFunction.values());
      IsnsMessage request =
          IsnsMessage.request(
              function, input.consumeBoolean() ? IsnsMessage.REPLACE : 0, i, attributes(input));
      IsnsMessage answer = responder.answer(request, IsnsResponderTest.HOME);
      assertEquals(function.responseId(), answer.function());
      try {
        assertEquals(
            answer.attributes(),
            IsnsMessageTest.assemble(answer.encode(), 1 << 24).orElseThrow().attributes());
      } catch (IsnsException e) {
        throw new AssertionError("what we answer cannot be read: " + answer, e);
      }
      now[0] += input.consumeInt(0, 100);
      watch.due();
    }
    assertTrue(database.entities().count() <= Limits.ENTITIES_OF_ONE);
  }

  private static List<IsnsAttribute> attributes(FuzzedDataProvider input) {
    List<IsnsAttribute> attributes = new ArrayList<>();
    attributes.add(IsnsResponderTest.name(IsnsResponderTest.ME));
    int count = input.consumeInt(0, 12);
    for (int i = 0; i < count; i++) {
      attributes.add(attribute(input, input.pickValue(TAGS)));
    }
    return attributes;
  }

  private static IsnsAttribute attribute(FuzzedDataProvider input, Tag tag) {
    if (input.consumeBoolean()) {
      return IsnsAttribute.empty(tag);
    }
    return switch (tag.form()) {
      case NONE -> IsnsAttribute.DELIMITER;
      case NUMBER -> IsnsAttribute.of(tag, input.consumeInt());
      case TIME -> IsnsAttribute.of(tag, input.consumeLong());
      case ADDRESS -> IsnsAttribute.of(tag, IsnsResponderTest.HOME);
      case TEXT ->
          IsnsAttribute.of(
              tag,
              input.consumeBoolean()
                  ? IsnsResponderTest.ME
                  : input.consumeAsciiString(20).replace("\0", ""));
    };
  }
}
