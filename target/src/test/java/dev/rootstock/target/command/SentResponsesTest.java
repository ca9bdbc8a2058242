// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 7143 §4.2.2.2. */
class SentResponsesTest {
  private final List<Integer> gone = new ArrayList<>();
  private final SentResponses responses =
      new SentResponses(0, response -> gone.add(response.itt()));

  /** An initiator that never acknowledges makes us keep no more than so many. */
  @Test
  void beyondTheBoundTheOldestGoes() {
    for (int i = 0; i < Limits.UNACKNOWLEDGED_RESPONSES + 3; i++) {
      responses.add(i, i, null);
    }
    assertEquals(List.of(0, 1, 2), gone);
    assertEquals(Limits.UNACKNOWLEDGED_RESPONSES, responses.close().size());
  }

  /** A number that was never sent acknowledges nothing. */
  @Test
  void whatWasNotSentCannotBeAcknowledged() {
    responses.add(7, 0, null);
    responses.add(Tag.NONE, 1, null);
    responses.acknowledge(3);
    assertEquals(List.of(), gone);
    responses.acknowledge(1);
    assertEquals(List.of(7), gone);
    responses.acknowledge(2);
    assertEquals(List.of(7, Tag.NONE), gone);
  }
}
