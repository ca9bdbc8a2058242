// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The responses of one login, and the numbers that they carry (RFC 7143 §11.13).
 *
 * <p>The numbers of a session that is joined are told to those only who have proved that they may
 * join it. Until then ExpCmdSN and MaxCmdSN are made of the request's own CmdSN, the same whether
 * there is such a session or not, and so old that a joining initiator learns nothing from them and
 * ignores them (§4.2.2.1): no command is acknowledged by them, and none is allowed.
 */
final class LoginResponses {
  private static final int VERSION = LoginSequence.VERSION;

  private final LoginSequence sequence;
  private @Nullable LoginRequest last;
  private @Nullable Session joined;
  private int statSn;

  LoginResponses(LoginSequence sequence) {
    this.sequence = sequence;
  }

  /** Takes note of the request that is to be answered next. */
  void answering(LoginRequest request) {
    last = request;
  }

  /** The session that the initiator may join has become known. */
  void joining(Session session) {
    joined = session;
  }

  /** Whether any request has come. */
  boolean begun() {
    return last != null;
  }

  /** The last request. */
  LoginRequest request() {
    LoginRequest request = last;
    if (request == null) {
      throw new IllegalStateException("no login request yet");
    }
    return request;
  }

  /** The number of the next status on the connection. */
  int nextStatSn() {
    return statSn;
  }

  /**
   * A response by which the login goes on, or ends in the full feature phase.
   *
   * @param transit whether the stage that the request names is entered
   * @param tsih the new session's, or 0
   */
  LoginResponse success(boolean transit, List<KeyValues.Pair> answers, int tsih) {
    LoginRequest request = request();
    ByteBuf data =
        answers.isEmpty()
            ? Unpooled.EMPTY_BUFFER
            : Unpooled.wrappedBuffer(Negotiation.answers(answers).encode());
    return new LoginResponse(
        transit,
        false,
        sequence.stage(),
        transit ? request.nextStage() : 0,
        VERSION,
        VERSION,
        request.isid(),
        tsih == 0 ? request.tsih() : tsih,
        request.itt(),
        statSn++,
        expCmdSn(),
        maxCmdSn(),
        LoginStatus.SUCCESS.code(),
        data);
  }

  private int expCmdSn() {
    if (joined != null) {
      return joined.expCmdSn();
    }
    int first = sequence.firstCmdSn();
    // No window is longer than this: what is older has been acknowledged long since.
    return request().tsih() == 0 ? first : first - Limits.COMMANDS;
  }

  private int maxCmdSn() {
    if (joined != null) {
      return SerialNumber.later(joined.offeredCmdSn(), expCmdSn() - 1);
    }
    return expCmdSn() - 1 + (request().tsih() == 0 ? Limits.COMMANDS : 0);
  }

  /** A response that ends the login. */
  LoginResponse refusal(LoginStatus status) {
    return refusal(status, Unpooled.EMPTY_BUFFER);
  }

  /** A response that sends the initiator elsewhere (§13.8: without the portal group's tag). */
  LoginResponse redirection(String address, boolean permanent) {
    return refusal(
        permanent ? LoginStatus.TARGET_MOVED_PERMANENTLY : LoginStatus.TARGET_MOVED_TEMPORARILY,
        Unpooled.wrappedBuffer(KeyValues.of(TextKey.TARGET_ADDRESS.text(), address).encode()));
  }

  private LoginResponse refusal(LoginStatus status, ByteBuf data) {
    LoginRequest request = last;
    return new LoginResponse(
        false,
        false,
        0,
        0,
        VERSION,
        VERSION,
        request == null ? 0 : request.isid(),
        request == null ? 0 : request.tsih(),
        request == null ? 0 : request.itt(),
        statSn,
        request == null ? 0 : request.cmdSn(),
        request == null ? 0 : request.cmdSn(),
        status.code(),
        data);
  }
}
