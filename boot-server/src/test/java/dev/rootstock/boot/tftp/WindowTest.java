// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.tftp.Window.Meaning;
import org.junit.jupiter.api.Test;

/** RFC 1350 §4 and §6, RFC 1123 §4.2.3.1, RFC 7440 §4. */
class WindowTest {

  @Test
  void aFileThatFillsItsBlocksEndsWithAnEmptyOne() {
    assertEquals(3, new Window(1024, 512, 1).last());
    assertEquals(2, new Window(1023, 512, 1).last());
    assertEquals(1, new Window(0, 512, 1).last());
  }

  @Test
  void eachAcknowledgementMovesTheWindow() {
    Window window = new Window(1024, 512, 1);
    assertEquals(Meaning.PROGRESS, window.acknowledge(1));
    assertEquals(2, window.first());
    assertEquals(2, window.end());
    assertEquals(Meaning.PROGRESS, window.acknowledge(2));
    assertEquals(Meaning.DONE, window.acknowledge(3));
  }

  @Test
  void aRepeatedAcknowledgementIsNotAnswered() {
    Window window = new Window(10_000, 512, 1);
    window.acknowledge(1);
    assertEquals(Meaning.STALE, window.acknowledge(1));
    assertEquals(Meaning.STALE, window.acknowledge(0));
  }

  @Test
  void blocksThatWereNotSentAreNotAcknowledged() {
    Window window = new Window(10_000, 512, 4);
    assertEquals(Meaning.STALE, window.acknowledge(5));
    assertEquals(1, window.first());
  }

  @Test
  void aWindowGoesOnBehindTheBlockThatArrived() {
    Window window = new Window(10_000, 512, 4);
    assertEquals(4, window.end());
    assertEquals(Meaning.PROGRESS, window.acknowledge(2));
    assertEquals(3, window.first());
    assertEquals(6, window.end());
    assertEquals(Meaning.REPEATED, window.acknowledge(2));
  }

  @Test
  void theLastWindowIsShorter() {
    Window window = new Window(512 * 5, 512, 4);
    window.acknowledge(4);
    assertEquals(6, window.end());
    assertEquals(Meaning.DONE, window.acknowledge(6));
  }

  @Test
  void numbersGoOnAfter65535() {
    Window window = new Window(512L * 70_000, 512, 8);
    for (long block = 8; block < 65_536; block += 8) {
      assertEquals(Meaning.PROGRESS, window.acknowledge(Window.number(block)));
    }
    assertEquals(Meaning.PROGRESS, window.acknowledge(0));
    assertEquals(65_537, window.first());
    assertEquals(1, Window.number(window.first()));
  }
}
