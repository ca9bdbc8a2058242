// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** A request that gets an error for an answer, or silence where it was multicast. */
final class SlpException extends Exception {
  private static final long serialVersionUID = 1L;

  private final SlpError error;

  SlpException(SlpError error, String problem) {
    super(problem);
    this.error = error;
  }

  SlpError error() {
    return error;
  }
}
