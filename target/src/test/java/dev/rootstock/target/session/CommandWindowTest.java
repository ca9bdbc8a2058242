// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import static dev.rootstock.target.session.CommandWindow.Held.DUPLICATE;
import static dev.rootstock.target.session.CommandWindow.Held.FULL;
import static dev.rootstock.target.session.CommandWindow.Held.KEPT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Order and window of commands (RFC 7143 §4.2.2.1), around the wrap of the numbers too. */
class CommandWindowTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 0x7FFFFFFF, 0x80000000, -1, -64})
  void admitsFromExpCmdSnToMaxCmdSn(int first) {
    CommandWindow window = window(first);
    assertFalse(window.admits(first - 1));
    assertTrue(window.admits(first));
    assertTrue(window.admits(first + Limits.COMMANDS - 1));
    assertFalse(window.admits(first + Limits.COMMANDS));
  }

  @Test
  void commandsInProgressNarrowTheWindowUntilItIsClosed() {
    CommandWindow window = window(10);
    for (int inProgress = 1; inProgress <= Limits.COMMANDS; inProgress++) {
      window.advance();
      assertEquals(10 + Limits.COMMANDS - 1, window.maxCmdSn(inProgress));
    }
    // §11.4.10: closed when ExpCmdSN is MaxCmdSN + 1.
    assertEquals(window.expCmdSn() - 1, window.maxCmdSn(Limits.COMMANDS));
    assertFalse(window.admits(window.expCmdSn()));
    assertEquals(window.expCmdSn(), window.maxCmdSn(Limits.COMMANDS - 1));
  }

  @Test
  void whatWasOfferedIsNotTakenBack() {
    CommandWindow window = window(0);
    int offered = window.maxCmdSn(0);
    assertEquals(offered, window.maxCmdSn(50));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -2})
  void commandsThatComeEarlyWaitForTheirTurn(int first) {
    CommandWindow window = window(first);
    assertEquals(KEPT, window.hold(first + 2, early(2)));
    assertEquals(KEPT, window.hold(first + 1, early(1)));
    assertNull(window.next());
    window.advance();
    assertEquals(1, held(window).itt());
    assertEquals(2, held(window).itt());
    assertNull(window.next());
    assertEquals(first + 3, window.expCmdSn());
  }

  @Test
  void aSecondCommandOfTheSameNumberIsNotKept() {
    CommandWindow window = window(0);
    assertEquals(KEPT, window.hold(1, early(1)));
    assertEquals(DUPLICATE, window.hold(1, early(2)));
    window.advance();
    assertEquals(1, held(window).itt());
  }

  /** §11.6.1 b: the number of an aborted command that never came counts as received. */
  @Test
  void aPluggedHoleIsPassed() {
    CommandWindow window = window(0);
    assertEquals(KEPT, window.hold(1, early(1)));
    window.plug(0);
    assertEquals(1, held(window).itt());
    assertEquals(2, window.expCmdSn());
  }

  @Test
  void whatWaitsIsBoundedInBytes() {
    CommandWindow window = window(0);
    int segment = Limits.EARLY_BYTES / 8;
    for (int i = 1; i <= 8; i++) {
      assertEquals(KEPT, window.hold(i, early(i, segment)));
    }
    assertEquals(FULL, window.hold(9, early(9, 1)));
    // What has no data costs no more than its place.
    assertEquals(KEPT, window.hold(9, early(9)));
    window.advance();
    held(window);
    assertEquals(KEPT, window.hold(10, early(10, segment)));
  }

  private static CommandWindow window(int first) {
    return new CommandWindow(first, new MemoryBudget(Long.MAX_VALUE));
  }

  private static Early early(int itt, int bytes) {
    NopOut nop = new NopOut(false, 0, itt, Tag.NONE, itt, 0, Unpooled.buffer().writeZero(bytes));
    return new Early(nobody(), nop, Unpooled.EMPTY_BUFFER);
  }

  @Test
  void whatWaitsIsReleasedAtTheEnd() {
    CommandWindow window = window(0);
    NopOut nop = new NopOut(false, 0, 1, Tag.NONE, 1, 0, Unpooled.buffer(8).writeLong(0));
    window.hold(1, new Early(nobody(), nop, Unpooled.EMPTY_BUFFER));
    window.close();
    assertEquals(0, nop.data().refCnt());
  }

  private static InitiatorPdu held(CommandWindow window) {
    Early early = window.next();
    assertNotNull(early);
    return early.pdu();
  }

  private static Early early(int itt) {
    return new Early(nobody(), new LogoutRequest(false, 0, itt, 0, 0, 0), Unpooled.EMPTY_BUFFER);
  }

  @SuppressWarnings("NullAway") // the window only carries the connection
  private static Connection nobody() {
    return null;
  }
}
