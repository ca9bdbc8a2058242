// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

/** A command line that cannot be understood: exit status 2. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
