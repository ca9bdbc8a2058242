// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.scsi.Plan;
import java.nio.ByteBuffer;

/**
 * A command whose data are a parameter list, which the device server gets whole; or one that wants
 * none of the data that come with it all the same.
 */
final class ParameterTask extends DataOutTask {
  private final Plan plan;

  /** What the plan wants, for the residual. */
  private final long presented;

  private final int workBytes;
  private boolean handedOver;
  private boolean letGo;

  /** Whether nothing more is to be begun; what the device server asks, on any thread. */
  private volatile boolean stopped;

  private ParameterTask(
      Allegiance link, ScsiCommand command, Plan plan, long presented, int total, int workBytes) {
    super(link, command, total, total, workBytes);
    this.plan = plan;
    this.presented = presented;
    this.workBytes = workBytes;
  }

  static ParameterTask of(Allegiance link, ScsiCommand command, Plan plan, long expected) {
    return switch (plan) {
      case Plan.Receive receive -> {
        int total = (int) Math.min(receive.length(), expected);
        yield new ParameterTask(link, command, plan, receive.length(), total, receive.memory());
      }
      case Plan.Later later -> new ParameterTask(link, command, plan, 0, 0, later.memory());
      case Plan.ReadBlocks read -> new ParameterTask(link, command, plan, read.length(), 0, 0);
      case Plan.Respond respond -> new ParameterTask(link, command, plan, respond.length(), 0, 0);
      case Plan.Fail _ -> new ParameterTask(link, command, plan, 0, 0, 0);
      case Plan.WriteBlocks _ -> throw new IllegalArgumentException("a WRITE: " + plan);
    };
  }

  @Override
  void dispatch() {
    Burst whole = bursts.whole();
    if (fault() == null && whole != null && plan instanceof Plan.Receive receive && !handedOver) {
      handOver(receive, whole.buffer().nioBuffer());
    }
  }

  private void handOver(Plan.Receive receive, ByteBuffer parameters) {
    handedOver = true;
    operationBegins();
    receive.then().received(parameters, completion());
  }

  private Plan.Completion completion() {
    return new Plan.Completion() {
      @Override
      public void ended(Plan.Outcome outcome) {
        link.execute(() -> answered(outcome));
      }

      @Override
      public void detached() {
        link.execute(ParameterTask.this::letGo);
      }

      @Override
      public boolean cancelled() {
        return stopped;
      }
    };
  }

  private void answered(Plan.Outcome outcome) {
    finish(outcome, presented);
    letGo();
  }

  /** The buffer and what it works with were the device server's until now. */
  private void letGo() {
    if (letGo) {
      return;
    }
    letGo = true;
    bursts.release();
    if (workBytes > 0 && plan instanceof Plan.Later) {
      link.unreserve(workBytes);
    }
    operationEnds();
  }

  @Override
  void end() {
    Plan.Fail fault = fault();
    if (fault != null) {
      finish(fault, bursts.received());
      return;
    }
    switch (plan) {
      case Plan.ReadBlocks _, Plan.WriteBlocks _ -> finish(Plan.Respond.GOOD, presented);
      case Plan.Respond respond -> finish(respond, 0);
      case Plan.Fail fail -> finish(fail, 0);
      case Plan.Later later -> {
        if (!handedOver) {
          if (workBytes > 0 && !link.reserve(workBytes)) {
            link.awaitMemory(this);
            return;
          }
          handedOver = true;
          operationBegins();
          later.action().start(completion());
        }
      }
      case Plan.Receive receive -> {
        // An empty list: the initiator sends none of what the CDB announces.
        if (!handedOver) {
          handOver(receive, ByteBuffer.allocate(0));
        }
      }
    }
  }

  @Override
  void release() {
    watchNoMore();
    if (isAborted()) {
      stopped = true;
    }
    if (operations() == 0 || !handedOver) {
      bursts.release();
    }
  }
}
