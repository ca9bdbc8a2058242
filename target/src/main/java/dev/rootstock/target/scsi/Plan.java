// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the session has to do for one command.
 *
 * <p>Every length here is the SCSI-presented data transfer length of RFC 7143 §11.4.5.2: what the
 * command asks for, already cut to an allocation length, whatever the initiator expected. The
 * session compares it with the Expected Data Transfer Length and reports the residual.
 */
public sealed interface Plan {

  /** How a command ends: the only plans that need nothing further from the session. */
  sealed interface Outcome extends Plan {}

  /** GOOD status, after data if there are any. */
  final class Respond implements Outcome {

    /** GOOD status without data. */
    public static final Respond GOOD = new Respond(new byte[0], 0);

    private final byte[] data;
    private final int length;

    private Respond(byte[] data, int length) {
      this.data = data;
      this.length = length;
    }

    /** The data may be shared: whoever made them changes them no more. */
    static Respond truncated(byte[] data, long allocationLength) {
      return new Respond(data, (int) Math.min(data.length, allocationLength));
    }

    /** What to send: a read-only buffer of {@link #length} bytes, a new one at each call. */
    public ByteBuffer data() {
      return ByteBuffer.wrap(data, 0, length).asReadOnlyBuffer();
    }

    /**
     * How many bytes the initiator's allocation length admits; the rest is dropped without an error
     * (SPC-4 §4.2.5, allocation length).
     */
    public int length() {
      return length;
    }

    /** How many bytes there would be without an allocation length. */
    public int fullLength() {
      return data.length;
    }
  }

  /**
   * Any other status.
   *
   * @param status what went wrong
   * @param sense present exactly when the status is CHECK CONDITION
   */
  record Fail(ScsiStatus status, @Nullable Sense sense) implements Outcome {
    public Fail {
      if ((status == ScsiStatus.CHECK_CONDITION) != (sense != null)) {
        throw new IllegalArgumentException(status + " with sense " + sense);
      }
    }

    /** CHECK CONDITION with this sense. */
    public static Fail of(Sense sense) {
      return new Fail(ScsiStatus.CHECK_CONDITION, sense);
    }

    /** What a failure of the store means: BUSY for a passing shortage, else CHECK CONDITION. */
    public static Fail of(BlockIoException failure) {
      return failure.kind() == BlockIoException.Kind.BUSY
          ? new Fail(ScsiStatus.BUSY, null)
          : of(Sense.of(failure));
    }
  }

  /**
   * Read from the device and send the bytes, then GOOD status.
   *
   * @param device where to read
   * @param offset in bytes, inside the device and on a block boundary
   * @param length in bytes, whole blocks, 0 to {@link Limits#MAX_TRANSFER_BYTES}
   * @param flushFirst whether {@link BlockDevice#flush} has to succeed before the read: the
   *     initiator asked with FUA for bytes that are on the medium (SBC-3, READ commands)
   */
  record ReadBlocks(BlockDevice device, long offset, int length, boolean flushFirst)
      implements Plan {}

  /**
   * Collect the data and write them, then GOOD status.
   *
   * @param device where to write
   * @param offset in bytes, inside the device and on a block boundary
   * @param length in bytes, whole blocks, 0 to {@link Limits#MAX_TRANSFER_BYTES}; if the initiator
   *     sends fewer blocks, these are written, and a part of a block is refused
   * @param durability what the write has to promise
   */
  record WriteBlocks(BlockDevice device, long offset, int length, Durability durability)
      implements Plan {}

  /**
   * Collect parameter data, then hand them over.
   *
   * @param length in bytes, 1 to {@link Limits#MAX_TRANSFER_BYTES}
   * @param then takes what came
   * @param memory bytes that {@code then} will allocate for its work; the session sees to it that
   *     there are some
   */
  record Receive(int length, Continuation then, int memory) implements Plan {
    Receive(int length, Continuation then) {
      this(length, then, 0);
    }
  }

  /**
   * Start something that takes its time and moves no data to or from the initiator.
   *
   * @param action what to start
   * @param memory as in {@link Receive}
   */
  record Later(Action action, int memory) implements Plan {
    Later(Action action) {
      this(action, 0);
    }
  }

  /** What follows when a command's parameter data have come. */
  @FunctionalInterface
  interface Continuation {

    /**
     * Goes on with the command. Never blocks.
     *
     * @param data what came, from position to limit; fewer bytes than asked for when the initiator
     *     sent fewer. The device server keeps it until it calls {@code done}.
     * @param done told the outcome exactly once, on any thread
     */
    void received(ByteBuffer data, Completion done);
  }

  /** Work that ends later. */
  @FunctionalInterface
  interface Action {

    /**
     * Begins the work. Never blocks.
     *
     * @param done told the outcome exactly once, on any thread, the caller's included
     */
    void start(Completion done);
  }

  /** Told how a command ended. */
  @FunctionalInterface
  interface Completion {
    void ended(Outcome outcome);

    /**
     * The work belongs to the unit from here on, and goes on without the command: to abort that
     * takes no waiting, and its session may end. What it was given is used no longer. Any thread
     * may call it, once, before {@link #ended}.
     */
    default void detached() {}

    /**
     * Whether the command was aborted: nothing more is to be begun for it, and its outcome is of no
     * interest. Any thread may ask.
     */
    default boolean cancelled() {
      return false;
    }

    /** The end of the same command, told to somebody else first. */
    default Completion through(Consumer<Outcome> first) {
      Completion command = this;
      return new Completion() {
        @Override
        public void ended(Outcome outcome) {
          first.accept(outcome);
        }

        @Override
        public void detached() {
          command.detached();
        }

        @Override
        public boolean cancelled() {
          return command.cancelled();
        }
      };
    }
  }
}
