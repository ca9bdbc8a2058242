// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

/** There is room on the file system, but not for this one. The message says whose limit it is. */
public final class QuotaException extends NoSpaceException {
  private static final long serialVersionUID = 1L;

  public QuotaException(String message) {
    super(message);
  }
}
