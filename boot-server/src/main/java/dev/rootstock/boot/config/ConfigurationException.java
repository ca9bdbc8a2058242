// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

/** A configuration that cannot be used; the message is one line that names file and line. */
public final class ConfigurationException extends Exception {
  private static final long serialVersionUID = 1L;

  ConfigurationException(String message) {
    super(message);
  }
}
