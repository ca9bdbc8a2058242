// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** A packet, or one option of it, that cannot be what it claims to be. One line says why. */
public final class MalformedDhcpException extends Exception {
  private static final long serialVersionUID = 1L;

  public MalformedDhcpException(String problem) {
    super(problem);
  }
}
