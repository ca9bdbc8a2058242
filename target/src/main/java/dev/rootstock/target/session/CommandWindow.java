// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import org.jspecify.annotations.Nullable;

/**
 * The order of a session's commands and the window that bounds them (RFC 7143 §4.2.2.1).
 *
 * <p>A command that comes before its turn waits here, and so do its unsolicited data. With one
 * connection that happens only behind a hole that a Reject has left; with several it is the rule.
 * What waits is bounded in commands by the window, and in bytes by {@link Limits#EARLY_BYTES} and
 * by the memory of all sessions.
 */
final class CommandWindow {

  /** What became of a command that came before its turn. */
  enum Held {
    KEPT,
    DUPLICATE,
    FULL
  }

  private final @Nullable Early[] early = new @Nullable Early[Limits.COMMANDS];

  /** Numbers that count as received although their command never comes (§11.6.1 b). */
  private final boolean[] plugged = new boolean[Limits.COMMANDS];

  /** Bytes of data that wait, {@link Limits#EARLY_BYTES} at most. */
  private int heldBytes;

  private final MemoryBudget memory;
  private int expCmdSn;
  private int maxCmdSn;

  /**
   * Makes a window in which nothing waits.
   *
   * @param memory of all sessions
   */
  CommandWindow(int firstCmdSn, MemoryBudget memory) {
    this.memory = memory;
    expCmdSn = firstCmdSn;
    maxCmdSn = firstCmdSn + Limits.COMMANDS - 1;
  }

  int expCmdSn() {
    return expCmdSn;
  }

  /**
   * The last command that may be sent now.
   *
   * @param inProgress commands that have been delivered and are not over
   */
  int maxCmdSn(int inProgress) {
    int now = expCmdSn + Limits.COMMANDS - 1 - inProgress;
    // What has been offered is not taken back.
    maxCmdSn = SerialNumber.later(maxCmdSn, now);
    return maxCmdSn;
  }

  /** Whether more commands may be sent than have been offered so far. */
  boolean hasOpened(int inProgress) {
    return SerialNumber.after(expCmdSn + Limits.COMMANDS - 1 - inProgress, maxCmdSn);
  }

  /** The last command that has been offered so far. */
  int offered() {
    return maxCmdSn;
  }

  /** Whether a non-immediate command of this number may be taken; others are ignored silently. */
  boolean admits(int cmdSn) {
    return !SerialNumber.before(cmdSn, expCmdSn) && !SerialNumber.after(cmdSn, maxCmdSn);
  }

  /** The command of number ExpCmdSN is delivered. */
  void advance() {
    expCmdSn++;
  }

  /**
   * Keeps a command that {@link #admits} has let in and that is not next, unless one of its number
   * is here already, or too many bytes are.
   */
  Held hold(int cmdSn, Early command) {
    int slot = slot(cmdSn);
    if (early[slot] != null || plugged[slot]) {
      return Held.DUPLICATE;
    }
    if (!reserve(command.bytes())) {
      return Held.FULL;
    }
    early[slot] = command;
    return Held.KEPT;
  }

  private boolean reserve(int bytes) {
    if (bytes == 0) {
      return true;
    }
    if (heldBytes + bytes > Limits.EARLY_BYTES || !memory.tryTake(bytes)) {
      return false;
    }
    heldBytes += bytes;
    return true;
  }

  /**
   * Keeps unsolicited data of a command that waits. Where there is no room they count as lost.
   *
   * @param intact whether they are what their digest says
   * @return false when no such command waits
   */
  boolean holdData(Connection from, DataOut pdu, boolean intact) {
    for (Early command : early) {
      if (command != null && command.takesData(pdu.itt(), from)) {
        if (!command.hasLost() && reserve(Early.cost(pdu))) {
          command.add(pdu, intact);
        } else {
          command.lose(pdu);
        }
        return true;
      }
    }
    return false;
  }

  private @Nullable Early take(int slot) {
    Early command = early[slot];
    early[slot] = null;
    if (command != null && command.bytes() > 0) {
      heldBytes -= command.bytes();
      memory.give(command.bytes());
    }
    return command;
  }

  /** Counts a number as received; a command of it that waits is given up. */
  void plug(int cmdSn) {
    int slot = slot(cmdSn);
    Early command = take(slot);
    plugged[slot] = true;
    if (command != null) {
      command.release();
    }
  }

  /** The command whose turn has come, or null; numbers that are plugged are passed. */
  @Nullable Early peek() {
    int slot = slot(expCmdSn);
    while (plugged[slot]) {
      plugged[slot] = false;
      expCmdSn++;
      slot = slot(expCmdSn);
    }
    return early[slot];
  }

  /** The command whose turn has come, or null; it is delivered then. */
  @Nullable Early next() {
    Early command = peek();
    if (command != null) {
      take(slot(expCmdSn));
      expCmdSn++;
    }
    return command;
  }

  /** Takes away the command whose turn has come, whose number then has not been received. */
  void drop() {
    take(slot(expCmdSn));
  }

  /** Takes away what came on a connection, whose numbers then have not been received. */
  void drop(Connection gone) {
    for (int i = 0; i < early.length; i++) {
      Early command = early[i];
      if (command != null && command.connection() == gone) {
        take(i);
        command.release();
      }
    }
  }

  /** Drops what waits. */
  void close() {
    for (int i = 0; i < early.length; i++) {
      Early command = take(i);
      if (command != null) {
        command.release();
      }
    }
  }

  private static int slot(int cmdSn) {
    return Integer.remainderUnsigned(cmdSn, Limits.COMMANDS);
  }
}
