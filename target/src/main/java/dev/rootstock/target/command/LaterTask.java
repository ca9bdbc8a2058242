// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;

/** A command that takes no data from the initiator, and whose outcome may come later. */
final class LaterTask extends Task {
  private final Plan.Action action;

  /** Bytes that the action works with. */
  private final int memory;

  LaterTask(Allegiance link, ScsiCommand command, Plan.Action action, int memory) {
    super(link, command);
    this.action = action;
    this.memory = memory;
  }

  @Override
  public void start() {
    resume();
  }

  @Override
  public void resume() {
    if (isAborted()) {
      return;
    }
    if (memory > 0 && !link.reserve(memory)) {
      link.awaitMemory(this);
      return;
    }
    operationBegins();
    action.start(outcome -> link.execute(() -> ended(outcome)));
  }

  private void ended(Plan.Outcome outcome) {
    finish(outcome, 0);
    if (memory > 0) {
      link.unreserve(memory);
    }
    operationEnds();
  }

  @Override
  void release() {}
}
