// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;

/** A command that takes no data from the initiator, and whose outcome may come later. */
final class LaterTask extends Task {
  private final Plan.Action action;

  LaterTask(Allegiance link, ScsiCommand command, Plan.Action action) {
    super(link, command);
    this.action = action;
  }

  @Override
  public void start() {
    if (isAborted()) {
      return;
    }
    operationBegins();
    action.start(outcome -> link.execute(() -> ended(outcome)));
  }

  private void ended(Plan.Outcome outcome) {
    finish(outcome, 0);
    operationEnds();
  }

  @Override
  void release() {}
}
