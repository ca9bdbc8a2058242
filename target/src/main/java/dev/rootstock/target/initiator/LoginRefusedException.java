// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import java.io.IOException;

/** The target has refused a login. */
public final class LoginRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String address;

  LoginRefusedException(int status, String address) {
    super(
        "the target refuses the login with status %04x%s"
            .formatted(status, address.isEmpty() ? "" : " and names " + address));
    this.status = status;
    this.address = address;
  }

  /** The TargetAddress of a redirection (RFC 7143 §13.8), else empty. */
  public String address() {
    return address;
  }

  /** Status-Class in the high byte, Status-Detail in the low one (RFC 7143 §11.13.5). */
  public int status() {
    return status;
  }
}
