// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.wire.Limits;
import org.jspecify.annotations.Nullable;

/**
 * The order of one login's requests: its stages, and what may not change (RFC 7143 §6.3, §11.12).
 */
final class LoginSequence {
  static final int SECURITY = 0;
  static final int OPERATIONAL = 1;
  static final int FULL_FEATURE = 3;

  /** The only version there is (§11.12.4). */
  static final int VERSION = 0;

  private @Nullable LoginRequest first;
  private int stage;
  private int exchanges;

  /** Takes note of a request, whose header is all that is kept. */
  void check(LoginRequest request) throws LoginFailure {
    LoginRequest leading = first;
    if (leading == null) {
      first = request;
      if (request.versionMin() > VERSION) {
        throw new LoginFailure(
            LoginStatus.UNSUPPORTED_VERSION, "version " + request.versionMin() + " and up only");
      }
      stage = request.currentStage();
    } else if (differ(request, leading)) {
      throw wrong("the requests of one login differ");
    }
    if (request.currentStage() != stage || stage > OPERATIONAL) {
      throw wrong("stage " + request.currentStage() + " out of turn");
    }
    if (request.transit()) {
      if (request.more()) {
        throw wrong("both T and C");
      }
      boolean ahead = request.nextStage() > stage;
      if (!ahead || (request.nextStage() != OPERATIONAL && request.nextStage() != FULL_FEATURE)) {
        throw wrong("next stage " + request.nextStage() + " from " + stage);
      }
    }
    if (++exchanges > Limits.LOGIN_EXCHANGES) {
      throw wrong("the login takes too many requests");
    }
  }

  private static boolean differ(LoginRequest request, LoginRequest leading) {
    return request.isid() != leading.isid()
        || request.tsih() != leading.tsih()
        || request.cid() != leading.cid()
        || request.itt() != leading.itt()
        || request.versionMax() != leading.versionMax()
        || request.versionMin() != leading.versionMin();
  }

  private static LoginFailure wrong(String what) {
    return new LoginFailure(LoginStatus.INITIATOR_ERROR, what);
  }

  /** CSG of the next request. */
  int stage() {
    return stage;
  }

  /** The stage changes by a response with T. */
  void enter(int next) {
    stage = next;
  }

  /** The CmdSN of the leading login, with which the session begins (§11.12.8). */
  int firstCmdSn() {
    return first == null ? 0 : first.cmdSn();
  }
}
