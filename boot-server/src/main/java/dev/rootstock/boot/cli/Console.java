// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import java.io.PrintStream;
import java.util.Optional;

/**
 * Where a command writes.
 *
 * @param out what was asked for
 * @param err errors and progress
 * @param terminal whether a person looks at {@code err}, so that a line may be drawn again
 * @param debug whether errors come with their stack trace
 */
record Console(PrintStream out, PrintStream err, boolean terminal, boolean debug) {

  static Console ofProcess() {
    boolean terminal =
        Optional.ofNullable(System.console()).map(java.io.Console::isTerminal).orElse(false);
    return new Console(System.out, System.err, terminal, System.getenv("ROOTSTOCK_DEBUG") != null);
  }
}
