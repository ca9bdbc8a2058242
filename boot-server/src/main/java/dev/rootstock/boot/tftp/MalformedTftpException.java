// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

/** A packet that breaks RFC 1350 or one of its extensions. */
final class MalformedTftpException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedTftpException(String message) {
    super(message);
  }
}
