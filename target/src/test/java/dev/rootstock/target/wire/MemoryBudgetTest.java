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
}
