// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.wire.Limits;
import org.jspecify.annotations.Nullable;

/**
 * The order of a session's commands and the window that bounds them (RFC 7143 §4.2.2.1).
 *
 * <p>A command that comes before its turn waits here. With one connection that happens only behind
 * a hole that a Reject has left; with several it is the rule.
 */
final class CommandWindow {

  /** A command before its turn, and the connection it came on. */
  record Early(Connection connection, InitiatorPdu pdu) {}

  private final @Nullable Early[] early = new @Nullable Early[Limits.COMMANDS];

  /** Numbers that count as received although their command never comes (§11.6.1 b). */
  private final boolean[] plugged = new boolean[Limits.COMMANDS];

  private int expCmdSn;
  private int maxCmdSn;

  CommandWindow(int firstCmdSn) {
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

  /** Whether a non-immediate command of this number may be taken; others are ignored silently. */
  boolean admits(int cmdSn) {
    return !SerialNumber.before(cmdSn, expCmdSn) && !SerialNumber.after(cmdSn, maxCmdSn);
  }

  /** The command of number ExpCmdSN is delivered. */
  void advance() {
    expCmdSn++;
  }

  /**
   * Keeps a command that {@link #admits} has let in and that is not next.
   *
   * @return false when one of its number is here already
   */
  boolean hold(int cmdSn, Early command) {
    int slot = slot(cmdSn);
    if (early[slot] != null || plugged[slot]) {
      return false;
    }
    early[slot] = command;
    return true;
  }

  /** Counts a number as received; a command of it that waits is given up. */
  void plug(int cmdSn) {
    int slot = slot(cmdSn);
    Early command = early[slot];
    early[slot] = null;
    plugged[slot] = true;
    if (command != null) {
      command.pdu.release();
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
      early[slot(expCmdSn)] = null;
      expCmdSn++;
    }
    return command;
  }

  /** Takes away the command whose turn has come, whose number then has not been received. */
  void drop() {
    early[slot(expCmdSn)] = null;
  }

  /** Drops what waits. */
  void close() {
    for (int i = 0; i < early.length; i++) {
      Early command = early[i];
      if (command != null) {
        command.pdu.release();
        early[i] = null;
      }
    }
  }

  private static int slot(int cmdSn) {
    return Integer.remainderUnsigned(cmdSn, Limits.COMMANDS);
  }
}
