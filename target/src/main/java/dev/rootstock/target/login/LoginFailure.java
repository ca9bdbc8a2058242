// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.LoginStatus;

/** Why a login fails. */
final class LoginFailure extends Exception {
  private static final long serialVersionUID = 1L;
  private final LoginStatus status;

  LoginFailure(LoginStatus status, String reason) {
    // Without a stack trace: the cause is the peer.
    super(reason, null, false, false);
    this.status = status;
  }

  LoginStatus status() {
    return status;
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
