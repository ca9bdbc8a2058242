// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;

/** A command that takes no data from the initiator, and whose outcome may come later. */
final class LaterTask extends Task {
  private final Plan.Action action;

  /** Bytes that the action works with. */
  private final int memory;

  private boolean started;
  private boolean begun;
  private boolean running;

  /** Whether nothing more is to be begun; what the action asks, on any thread. */
  private volatile boolean stopped;

  LaterTask(Allegiance link, ScsiCommand command, Plan.Action action, int memory) {
    super(link, command);
    this.action = action;
    this.memory = memory;
  }

  @Override
  public void start() {
    started = true;
    resume();
  }

  @Override
  public void resume() {
    if (isAborted() || !started || begun) {
      return;
    }
    if (memory > 0 && !link.reserve(memory)) {
      link.awaitMemory(this);
      return;
    }
    begun = true;
    running = true;
    operationBegins();
    action.start(
        new Plan.Completion() {
          @Override
          public void ended(Plan.Outcome outcome) {
            link.execute(() -> LaterTask.this.ended(outcome));
          }

          @Override
          public void detached() {
            link.execute(LaterTask.this::letGo);
          }

          @Override
          public boolean cancelled() {
            return stopped;
          }
        });
  }

  private void ended(Plan.Outcome outcome) {
    finish(outcome, 0);
    letGo();
  }

  /** The work is over, or goes on without us. */
  private void letGo() {
    if (running) {
      running = false;
      if (memory > 0) {
        link.unreserve(memory);
      }
      operationEnds();
    }
  }

  @Override
  void reassigned() {
    resume();
  }

  @Override
  void release() {
    if (isAborted()) {
      stopped = true;
    }
  }
}
