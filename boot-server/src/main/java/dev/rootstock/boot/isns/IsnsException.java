// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

/** A message that gets a status code for an answer. */
final class IsnsException extends Exception {
  private static final long serialVersionUID = 1L;

  private final IsnsStatus status;

  IsnsException(IsnsStatus status, String problem) {
    super(problem);
    this.status = status;
  }

  IsnsStatus status() {
    return status;
  }
}
