// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

/** Who a machine is that says what it is and not how it is called. */
public sealed interface Lookup {
  /** A client. */
  record Known(ScriptClient client) implements Lookup {}

  /** No client. */
  record Stranger() implements Lookup {}

  /**
   * Two clients at once, so neither.
   *
   * @param reason one sentence
   */
  record Disputed(String reason) implements Lookup {}
}
