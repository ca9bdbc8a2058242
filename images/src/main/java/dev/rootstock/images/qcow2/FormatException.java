// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import java.io.IOException;

/**
 * A file that is no qcow2 overlay as we write them. The message says what is wrong at which offset.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  FormatException(String message) {
    super(message);
  }
}
