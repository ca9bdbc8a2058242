// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.IoCompletion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StepsTest {

  /** Counts steps, and completes them as it is told. */
  private static final class Counter implements Steps.Source {
    private final int steps;
    private final java.util.function.Consumer<IoCompletion> complete;
    private int begun;

    Counter(int steps, java.util.function.Consumer<IoCompletion> complete) {
      this.steps = steps;
      this.complete = complete;
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion done) {
      if (begun == steps) {
        return Plan.Respond.GOOD;
      }
      begun++;
      complete.accept(done);
      return null;
    }
  }

  @Test
  void stepsThatCompleteAtOnceDoNotNest() {
    List<Plan.Outcome> ends = new ArrayList<>();
    Counter counter = new Counter(1_000_000, done -> done.completed(null));
    Steps.run(counter, ends::add);
    assertEquals(List.of(Plan.Respond.GOOD), ends);
    assertEquals(1_000_000, counter.begun);
  }

  @Test
  void stepsThatCompleteElsewhereRunOneAfterTheOther() throws Exception {
    CompletableFuture<Plan.Outcome> end = new CompletableFuture<>();
    try (var threads = Executors.newFixedThreadPool(2)) {
      Counter counter = new Counter(20_000, done -> threads.execute(() -> done.completed(null)));
      Steps.run(counter, end::complete);
      assertSame(Plan.Respond.GOOD, end.get(30, TimeUnit.SECONDS));
      assertEquals(20_000, counter.begun);
    }
  }

  @Test
  void aFailureEndsItOnce() {
    List<Plan.Outcome> ends = new ArrayList<>();
    BlockIoException failure = new BlockIoException(BlockIoException.Kind.NO_SPACE, "");
    Counter counter = new Counter(5, done -> done.completed(failure));
    Steps.run(counter, ends::add);
    assertEquals(List.of(Plan.Fail.of(failure)), ends);
    assertEquals(1, counter.begun);
  }
}
