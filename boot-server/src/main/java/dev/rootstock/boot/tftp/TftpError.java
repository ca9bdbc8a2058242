// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

/** RFC 1350 §5, "Error Codes", and RFC 2347 §6. */
enum TftpError {
  NOT_DEFINED(0),
  FILE_NOT_FOUND(1),
  ACCESS_VIOLATION(2),
  ILLEGAL_OPERATION(4),
  OPTION_NEGOTIATION(8);

  private final int code;

  TftpError(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
