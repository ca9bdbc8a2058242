// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  private final MemoryBudget budget = new MemoryBudget(100);
  private final List<String> turns = new ArrayList<>();

  @Test
  void nothingIsTakenBeyondTheLimit() {
    assertTrue(budget.tryTake(60));
    assertTrue(budget.tryTake(60));
    assertFalse(budget.tryTake(1));
    assertEquals(120, budget.taken());
    budget.give(60);
    assertTrue(budget.tryTake(1));
  }

  @Test
  void turnsAreGivenInTheOrderOfAskingOneForEachReturn() {
    budget.take(150);
    budget.ask(() -> turns.add("first"));
    budget.ask(() -> turns.add("second"));
    budget.give(10);
    assertEquals(List.of(), turns);
    budget.give(50);
    assertEquals(List.of("first"), turns);
    budget.give(10);
    assertEquals(List.of("first", "second"), turns);
  }

  @Test
  void whoGivesBackAndAsksAgainComesAfterTheOthers() {
    budget.take(100);
    budget.ask(() -> turns.add("other"));
    budget.give(1);
    budget.take(1);
    budget.ask(() -> turns.add("giver"));
    assertEquals(List.of("other"), turns);
  }

  @Test
  void whoAsksWhenThereIsMemoryHasItsTurnAtOnce() {
    budget.ask(() -> turns.add("now"));
    assertEquals(List.of("now"), turns);
  }

  @Test
  void aQuestionThatWasTakenBackHasNoTurn() {
    budget.take(100);
    Runnable turn = () -> turns.add("gone");
    budget.ask(turn);
    budget.forget(turn);
    budget.give(100);
    assertEquals(List.of(), turns);
  }

  @Test
  void theReserveIsForThoseWhoHoldNothing() {
    MemoryBudget reserved = new MemoryBudget(100, 50);
    assertTrue(reserved.tryTake(100));
    assertFalse(reserved.tryTake(1));
    assertTrue(reserved.tryTakeFirst(50));
    assertFalse(reserved.tryTakeFirst(1));
    assertEquals(150, reserved.taken());
  }

  @Test
  void turnsToTakeOfTheReserveAreGivenWhileOthersWait() {
    MemoryBudget reserved = new MemoryBudget(100, 50);
    reserved.take(150);
    reserved.ask(() -> turns.add("one that holds something"));
    reserved.askFirst(() -> turns.add("one that holds nothing"));
    reserved.give(10);
    assertEquals(List.of("one that holds nothing"), turns);
    reserved.give(41);
    assertEquals(List.of("one that holds nothing", "one that holds something"), turns);
  }
}
