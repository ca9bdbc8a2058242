// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailboxTest {
  @Test
  void anErrorInATaskDoesNotStopTheMailbox() {
    List<String> ran = new ArrayList<>();
    Mailbox mailbox = new Mailbox(Runnable::run);
    assertTrue(
        mailbox.offer(
            () -> {
              throw new StackOverflowError("of a test");
            }));
    assertTrue(mailbox.offer(() -> ran.add("next")));
    assertEquals(List.of("next"), ran);
  }
}
