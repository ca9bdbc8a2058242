// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.IoCompletion;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Device operations one after the other, for a command that needs several.
 *
 * <p>A device may complete an operation before its method returns, so that beginning the next one
 * from the completion would nest as deep as there are steps. Here a completion that arrives while a
 * step is being begun only leaves a count behind, and the thread that is already in {@link #run}
 * goes on. The count also hands the source from thread to thread: only who raises it from zero
 * touches the source.
 */
final class Steps {

  /** What there is to do. Called by one thread at a time. */
  @FunctionalInterface
  interface Source {

    /**
     * Begins the next step.
     *
     * @param done to be told when the step has ended
     * @return null when a step has begun; otherwise how the command ends, and no step has begun
     */
    Plan.@Nullable Outcome next(IoCompletion done);
  }

  /** How a command ends that was aborted between two steps; nobody is told. */
  static final Plan.Fail CANCELLED = new Plan.Fail(ScsiStatus.TASK_ABORTED, null);

  private final Source source;
  private final Plan.Completion done;
  private final AtomicInteger turns = new AtomicInteger();

  private Steps(Source source, Plan.Completion done) {
    this.source = source;
    this.done = done;
  }

  /**
   * Does all steps; the first failure of the device ends the command, and so does its abort, before
   * the next step.
   */
  static void run(Source source, Plan.Completion done) {
    new Steps(source, done).run();
  }

  private void run() {
    if (turns.getAndIncrement() != 0) {
      return;
    }
    do {
      Plan.Outcome outcome = done.cancelled() ? CANCELLED : source.next(this::stepEnded);
      if (outcome != null) {
        done.ended(outcome);
        return;
      }
    } while (turns.decrementAndGet() != 0);
  }

  private void stepEnded(@Nullable BlockIoException failure) {
    if (failure != null) {
      done.ended(Plan.Fail.of(failure));
    } else {
      run();
    }
  }
}
