// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.UnitMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What commands change of a logical unit for all its nexuses. It outlives the sessions and the
 * opening and closing of its device; a new boot, which is a power-on, begins with another one.
 *
 * <p>Safe for several event loops: mode parameters are one immutable value, which is exchanged
 * under a lock and read without, reservations have a lock of their own.
 */
final class UnitState {
  private final boolean readOnly;
  private volatile ModeParameters modes;
  private final Reservations reservations;
  private final Sanitation sanitation = new Sanitation();
  private final @Nullable UnitMemory memory;
  private final Consumer<Sense> everybody;
  private final AtomicBoolean scarce = new AtomicBoolean();

  /** When all that was to be kept through power loss so far has been. */
  private volatile CompletionStage<Void> kept = CompletableFuture.completedFuture(null);

  /**
   * A unit that has just been powered on.
   *
   * @param everybody tells all nexuses of the unit something
   * @throws UncheckedIOException when what it was to remember cannot be understood
   */
  UnitState(LogicalUnit unit, Consumer<Sense> everybody) {
    this.everybody = everybody;
    readOnly = unit.device().geometry().readOnly();
    modes = ModeParameters.defaults(readOnly);
    memory = unit.memory();
    reservations = new Reservations(remembered(unit), this::keep);
  }

  private static ReservationState remembered(LogicalUnit unit) {
    UnitMemory memory = unit.memory();
    byte[] bytes = memory == null ? new byte[0] : memory.load();
    if (bytes.length == 0) {
      return ReservationState.EMPTY;
    }
    try {
      return ReservationState.read(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "what LUN " + unit.lun() + " remembers of its reservations: " + e.getMessage(), e);
    }
  }

  private void keep(ReservationState before, ReservationState now) {
    if (memory != null && (before.throughPowerLoss() || now.throughPowerLoss())) {
      kept = memory.save(now.throughPowerLoss() ? now.toBytes() : new byte[0]);
    }
  }

  ModeParameters modes() {
    return modes;
  }

  synchronized ModeParameters changeModes(UnaryOperator<ModeParameters> change) {
    modes = change.apply(modes);
    return modes;
  }

  /** Whether little room is left now; nexuses are told when that becomes so. */
  void thresholdReached(boolean reached) {
    if (scarce.get() != reached && scarce.compareAndSet(!reached, reached) && reached) {
      everybody.accept(UnitAttentions.SOFT_THRESHOLD_REACHED);
    }
  }

  Reservations reservations() {
    return reservations;
  }

  Sanitation sanitation() {
    return sanitation;
  }

  boolean remembers() {
    return memory != null;
  }

  CompletionStage<Void> kept() {
    return kept;
  }

  /** A reset of the unit: what cannot be saved has its default again, RESERVE ends. */
  synchronized void reset() {
    modes = ModeParameters.defaults(readOnly);
    reservations.reset();
  }

  void powerOn() {
    reset();
    reservations.powerOn();
  }
}
