// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

/**
 * Runs an action when everything that it waits for has ended. On one event loop; what ends at once,
 * while the counting still goes on, is counted as well.
 */
final class Countdown {
  private final Runnable action;
  private int ended;
  private int expected;
  private boolean begun;

  Countdown(Runnable action) {
    this.action = action;
  }

  /** Waits for this many more. */
  void expect(int more) {
    expected += more;
  }

  /** One has ended. */
  void ended() {
    ended++;
    runIfDone();
  }

  /** Everything to wait for has been told. */
  void begin() {
    begun = true;
    runIfDone();
  }

  private void runIfDone() {
    if (begun && ended == expected) {
      begun = false;
      action.run();
    }
  }
}
