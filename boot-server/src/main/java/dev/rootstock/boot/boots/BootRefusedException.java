// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

/** A command that would hurt a boot that lives, or that failed; the message is one line. */
public final class BootRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  BootRefusedException(String message) {
    super(message);
  }
}
