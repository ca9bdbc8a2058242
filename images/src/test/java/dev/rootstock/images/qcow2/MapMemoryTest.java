// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.qcow2.MapMemory.Share;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MapMemoryTest {
  private final MapMemory memory = new MapMemory(100, 0);
  private final List<String> calls = new ArrayList<>();
  private final Share first = share("first");
  private final Share second = share("second");
  private final Share third = share("third");

  private Share share(String name) {
    return memory.share(() -> calls.add(name + " writes"), () -> calls.add(name + " goes on"));
  }

  @Test
  void takesAsMuchAsThereIsUpToTheMost() {
    assertEquals(60, first.take(10, 60));
    assertEquals(40, second.take(10, 60));
    assertEquals(100, memory.held());
  }

  @Test
  void whatARoundDidNotNeedIsBack() {
    first.take(10, 60);
    first.settle(5);
    assertEquals(5, memory.held());
  }

  @Test
  void whoHasHeldForLongestIsAskedUntilHalfIsLeft() {
    first.take(30, 30);
    second.take(30, 30);
    assertEquals(List.of(), calls);
    third.take(30, 30);
    assertEquals(List.of("first writes", "second writes"), calls);
  }

  @Test
  void whoWritesIsTheYoungestAfterwards() {
    first.take(30, 30);
    second.take(20, 20);
    third.take(30, 30);
    assertEquals(List.of("first writes"), calls);
    calls.clear();
    first.settle(30);
    first.written(0);
    first.take(30, 30);
    assertEquals(List.of("second writes", "third writes"), calls);
  }

  @Test
  void whoIsAskedIsNotAskedAgainBeforeItHasWritten() {
    first.take(80, 80);
    first.settle(80);
    second.take(15, 15);
    assertEquals(List.of("first writes"), calls);
  }

  @Test
  void whoFindsTooLittleGoesOnWhenItIsThere() {
    first.take(90, 90);
    assertEquals(0, second.take(20, 40));
    assertEquals(1, memory.waiting());
    first.settle(85);
    assertEquals(List.of("first writes"), calls);
    first.settle(80);
    assertEquals(List.of("first writes", "second goes on"), calls);
    assertEquals(20, second.take(20, 20));
    assertEquals(0, memory.waiting());
  }

  @Test
  void nobodyOvertakesWhoWaits() {
    first.take(90, 90);
    second.take(50, 50);
    assertEquals(0, third.take(5, 5));
    calls.clear();
    first.settle(0);
    assertEquals(List.of("second goes on", "third goes on"), calls);
  }

  @Test
  void everybodyIsAskedForSomebodyWhoNeedsEverything() {
    first.take(10, 10);
    second.take(10, 10);
    assertEquals(0, third.take(100, 100));
    assertEquals(List.of("first writes", "second writes"), calls);
  }

  @Test
  void whoWaitsIsAskedForWhatItHoldsItself() {
    first.take(10, 10);
    first.settle(10);
    assertEquals(0, first.take(95, 95));
    assertEquals(List.of("first writes"), calls);
    first.written(0);
    assertEquals(List.of("first writes", "first goes on", "first writes"), calls);
  }

  @Test
  void aloneItGetsMoreThanThereIs() {
    assertEquals(500, first.take(500, 900));
    assertEquals(0, second.take(500, 900));
    first.settle(450);
    first.written(0);
    assertEquals(List.of("first writes", "second goes on", "second writes"), calls);
    assertEquals(500, second.take(500, 900));
  }

  @Test
  void whatItHoldsOnIsAskedForAgain() {
    first.take(100, 100);
    second.take(50, 50);
    first.settle(90);
    first.written(60);
    assertEquals(List.of("first writes", "first writes"), calls);
    first.written(0);
    assertEquals("second goes on", calls.getLast());
  }

  @Test
  void closingGivesEverythingBack() {
    first.take(100, 100);
    second.take(50, 50);
    third.take(50, 50);
    second.close();
    assertEquals(1, memory.waiting());
    first.close();
    first.settle(70);
    assertEquals(List.of("first writes", "third goes on"), calls);
    assertEquals(50, memory.held());
  }
}
