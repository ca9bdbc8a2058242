// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The sanitize operation of a unit (SBC-3 §4.11): everything that the client can read is replaced,
 * and until that is done the unit does nothing else. It belongs to the unit and not to the command
 * that began it, so neither an abort nor a reset nor the end of the session ends it. It ends with
 * its boot: a golden image is never touched, and an overlay that is gone has nothing left to erase.
 *
 * <p><b>Its device</b> is that of a session, the <em>carrier</em>, and is used no longer than that
 * session's lease lasts. When the carrier leaves, the step that runs is awaited, and no other is
 * begun: the operation is <em>parked</em> until another session of the unit carries it on, now or
 * later. A parked operation is one in progress to everybody who asks.
 *
 * <p>Any thread may ask; who begins an operation, who carries it and how it ends is decided under
 * the lock.
 */
final class Sanitation {
  static final Sense IN_PROGRESS = new Sense(Sense.NOT_READY, 0x04, 0x1B);
  static final Sense FAILED = new Sense(Sense.MEDIUM_ERROR, 0x31, 0x03);

  /** AUSE after a failure that may not be given up: that would be the way around it. */
  private static final Sense STILL_RESTRICTED = Sense.invalidCdbField(1, Sanitize.AUSE_BIT);

  private static final int WHOLE = 0x10000;

  /** What an operation does. */
  sealed interface Method {

    /** The range is given up, and reads as zeros. */
    record BlockErase() implements Method {}

    /** Every block is written. */
    final class Overwrite implements Method {
      private final byte[] block;
      private final int passes;
      private final boolean inverts;

      /**
       * @param block what they hold in the end
       * @param passes how often, 1 to 31
       * @param inverts whether every other pass writes the complement
       */
      Overwrite(byte[] block, int passes, boolean inverts) {
        this.block = block.clone();
        this.passes = passes;
        this.inverts = inverts;
      }

      int passes() {
        return passes;
      }

      /** The bytes that one pass writes; the last one writes them as they are. */
      ByteBuffer pass(int number) {
        byte[] bytes = block.clone();
        if (inverts && (passes - 1 - number) % 2 == 1) {
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ~bytes[i];
          }
        }
        return ByteBuffer.wrap(bytes);
      }
    }
  }

  private enum State {
    NONE,
    RUNNING,
    /** It failed, and the unit refuses everything until it is sanitised or told to give up. */
    BROKEN
  }

  private volatile State state = State.NONE;
  private boolean mayBeGivenUp;
  private volatile int progress;

  /** The operation that is in progress, and whose device it uses; null while it is parked. */
  private @Nullable Run run;

  private @Nullable Nexus carrier;

  /** What a carrier that leaves waits with, while a step runs. */
  private @Nullable Runnable whenParked;

  /** Goes on with an operation that is parked. */
  private @Nullable IoCompletion parked;

  /** Whether {@link #refusal} can refuse anything; the hot path asks this. */
  boolean isInTheWay() {
    return state != State.NONE;
  }

  /** How the unit is, for REQUEST SENSE: null when nothing is to be said of it. */
  @Nullable Sense condition() {
    return switch (state) {
      case NONE -> null;
      case RUNNING -> IN_PROGRESS.withProgress(progress);
      case BROKEN -> FAILED;
    };
  }

  /** Refuses what cannot be done now, else gives null. */
  @Nullable Sense refusal(Command command) {
    boolean mends = state == State.BROKEN && command.opcode() == Sanitize.OPCODE;
    return mends || command.ignoresAttention() ? null : condition();
  }

  /**
   * Begins an operation.
   *
   * @param by whose device it is
   * @param unrestricted whether its failure may be given up without another one (AUSE)
   * @param done told when it has ended
   * @return why none has begun, or null
   */
  @Nullable Sense begin(
      Nexus by, BlockDevice device, Method method, boolean unrestricted, Plan.Completion done) {
    Run all = new Run(device, method);
    synchronized (this) {
      if (state == State.RUNNING) {
        return IN_PROGRESS;
      }
      if (state == State.BROKEN && unrestricted && !mayBeGivenUp) {
        return STILL_RESTRICTED;
      }
      state = State.RUNNING;
      mayBeGivenUp = unrestricted;
      progress = 0;
      carrier = by;
      run = all;
    }
    // Not the command's own: its abort does not stop the operation.
    Steps.run(
        all,
        outcome -> {
          ended(outcome instanceof Plan.Respond);
          done.ended(outcome instanceof Plan.Respond ? outcome : Plan.Fail.of(FAILED));
        });
    return null;
  }

  private void ended(boolean well) {
    Runnable waiting;
    synchronized (this) {
      state = well ? State.NONE : State.BROKEN;
      run = null;
      carrier = null;
      waiting = whenParked;
      whenParked = null;
    }
    if (waiting != null) {
      waiting.run();
    }
  }

  /**
   * A session is about to lose its device.
   *
   * @param atRest run when no step uses it any more, on any thread
   */
  void leave(Nexus leaving, Runnable atRest) {
    synchronized (this) {
      if (carrier == leaving) {
        whenParked = atRest;
        return;
      }
    }
    atRest.run();
  }

  /** Parks the operation between two steps, if its carrier leaves. */
  private boolean parks(IoCompletion goOn) {
    Runnable waiting;
    synchronized (this) {
      waiting = whenParked;
      if (waiting == null) {
        return false;
      }
      whenParked = null;
      carrier = null;
      parked = goOn;
    }
    waiting.run();
    return true;
  }

  /**
   * Goes on with an operation that is parked, if there is one.
   *
   * @param by whose device it uses from now on
   */
  void carryOn(Nexus by, BlockDevice device) {
    IoCompletion goOn;
    synchronized (this) {
      goOn = parked;
      Run all = run;
      if (goOn == null || all == null || by.isLeaving()) {
        return;
      }
      parked = null;
      carrier = by;
      all.use(device);
    }
    goOn.completed(null);
  }

  /** EXIT FAILURE MODE; false when the operation that failed does not allow it. */
  synchronized boolean giveUp() {
    if (state == State.BROKEN && !mayBeGivenUp) {
      return false;
    }
    if (state == State.BROKEN) {
      state = State.NONE;
    }
    return true;
  }

  /** All passes, one after the other, and a flush. */
  private final class Run implements Steps.Source {
    private BlockDevice device;
    private final Method method;
    private final long size;
    private final int passes;
    private int pass;
    private long done;
    private @Nullable Fill fill;
    private boolean flushed;

    Run(BlockDevice device, Method method) {
      this.device = device;
      this.method = method;
      size = device.geometry().sizeBytes();
      passes = method instanceof Method.Overwrite overwrite ? overwrite.passes() : 1;
    }

    /** Uses another device from the next step on; no step runs. */
    void use(BlockDevice other) {
      device = other;
      fill = null;
      flushed = false;
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion end) {
      if (parks(end)) {
        return null;
      }
      if (flushed) {
        return Plan.Respond.GOOD;
      }
      if (done == size) {
        pass++;
        done = 0;
        fill = null;
      }
      if (pass == passes) {
        flushed = true;
        device.flush(end);
        return null;
      }
      progress = (int) Math.min(WHOLE - 1, (pass + (double) done / size) / passes * WHOLE);
      step(end);
      return null;
    }

    private void step(IoCompletion end) {
      switch (method) {
        case Method.BlockErase() -> {
          long at = done;
          long length = Math.min(size - at, Limits.ERASE_STEP_BYTES);
          done += length;
          device.discard(at, length, end);
        }
        case Method.Overwrite overwrite -> {
          Fill now = fill;
          if (now == null) {
            now = new Fill(device, done, size - done, overwrite.pass(pass));
            fill = now;
          }
          done = Math.min(size, done + Limits.WRITE_SAME_STEP_BYTES);
          var _ = now.next(end);
        }
      }
    }
  }
}
