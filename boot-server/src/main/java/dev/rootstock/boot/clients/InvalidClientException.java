// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

/** A client, or a part of one, that cannot be; the message is one line for its administrator. */
public final class InvalidClientException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidClientException(String message) {
    super(message);
  }
}
