// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import java.io.IOException;

/** The target has refused a login. */
public final class LoginRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  LoginRefusedException(int status) {
    super("the target refuses the login with status %04x".formatted(status));
    this.status = status;
  }

  /** Status-Class in the high byte, Status-Detail in the low one (RFC 7143 §11.13.5). */
  public int status() {
    return status;
  }
}
