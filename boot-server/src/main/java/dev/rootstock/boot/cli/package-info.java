// SPDX-License-Identifier: Apache-2.0
/**
 * The command line. One class a command; {@link dev.rootstock.boot.cli.Main} finds it, reads its
 * options, and turns what went wrong into one line.
 */
@NullMarked
package dev.rootstock.boot.cli;

import org.jspecify.annotations.NullMarked;
