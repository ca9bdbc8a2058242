// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;

/** The file system, or a quota of it, is full. */
public class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSpaceException(String message) {
    super(message);
  }
}
