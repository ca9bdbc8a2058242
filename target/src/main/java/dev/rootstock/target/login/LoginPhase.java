// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.text.IscsiName;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.text.Phase;
import dev.rootstock.target.text.TextAssembly;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of one connection's login, without sockets and without policy.
 *
 * <p>Each request is answered by a {@link Step}: a response, a refusal, or, when the initiator is
 * ready for the full feature phase and all is negotiated, the question whether it may enter.
 */
final class LoginPhase {
  private static final int SECURITY = 0;
  private static final int OPERATIONAL = 1;
  private static final int FULL_FEATURE = 3;

  /** The only version there is (RFC 7143 §11.12.4). */
  private static final int VERSION = 0;

  /** What follows from a request. */
  sealed interface Step {}

  /** Send this and wait for the next request. */
  record Answer(LoginResponse response) implements Step {}

  /** Send this and close. */
  record Refusal(LoginResponse response, String reason) implements Step {}

  /** Everything is negotiated; {@link LoginPhase#accepted} makes the last response. */
  record Ready() implements Step {}

  /** Why a login fails. */
  private static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;
    final LoginStatus status;

    Failure(LoginStatus status, String reason) {
      super(reason, null, false, false);
      this.status = status;
    }
  }

  private final int portalGroupTag;
  private final IntPredicate hasTsih;
  private final Negotiation negotiation = new Negotiation();
  private final TextAssembly text = new TextAssembly();

  private @Nullable LoginRequest first;
  private @Nullable LoginRequest last;
  private List<KeyValues.Pair> lastAnswers = List.of();
  private int stage;
  private int exchanges;
  private int statSn;
  private boolean namesKnown;
  private boolean segmentDeclared;
  private String initiatorName = "";
  private String targetName = "";
  private boolean discovery;

  /**
   * Makes the machine of a new connection.
   *
   * @param hasTsih tells the TSIHs of living sessions
   */
  LoginPhase(int portalGroupTag, IntPredicate hasTsih) {
    this.portalGroupTag = portalGroupTag;
    this.hasTsih = hasTsih;
  }

  /** Takes a PDU; the caller releases it. */
  Step step(InitiatorPdu pdu) {
    if (!(pdu instanceof LoginRequest request)) {
      return new Refusal(
          refusal(LoginStatus.INVALID_DURING_LOGIN), "another request before the login was over");
    }
    last = request;
    try {
      return take(request);
    } catch (Failure e) {
      return new Refusal(refusal(e.status), String.valueOf(e.getMessage()));
    } catch (NegotiationException e) {
      LoginStatus status =
          e.authentication() ? LoginStatus.AUTHENTICATION_FAILURE : LoginStatus.INITIATOR_ERROR;
      return new Refusal(refusal(status), String.valueOf(e.getMessage()));
    }
  }

  private Step take(LoginRequest request) throws Failure, NegotiationException {
    check(request);
    if (++exchanges > Limits.LOGIN_EXCHANGES) {
      throw new Failure(LoginStatus.INITIATOR_ERROR, "the login takes too many requests");
    }
    text.add(request.data());
    if (request.more()) {
      // §6.2: answered by an empty response until the text is whole.
      return new Answer(response(request, false, List.of(), 0));
    }
    List<KeyValues.Pair> answers = new ArrayList<>();
    KeyValues offered = text.take();
    boolean firstText = !namesKnown;
    Phase phase = stage == SECURITY ? Phase.SECURITY : Phase.OPERATIONAL;
    if (firstText) {
      discovery = offersDiscovery(offered);
    }
    negotiation.receive(offered, phase, discovery, answers);
    if (firstText) {
      names();
      checkSession(request);
      // §6.3.1: with the first response that may hold keys.
      answers.add(
          new KeyValues.Pair(
              TextKey.TARGET_PORTAL_GROUP_TAG.text(), Integer.toString(portalGroupTag)));
    }
    if (phase == Phase.OPERATIONAL && !segmentDeclared) {
      segmentDeclared = true;
      answers.add(
          new KeyValues.Pair(
              TextKey.MAX_RECV_DATA_SEGMENT_LENGTH.text(), Integer.toString(Limits.DATA_SEGMENT)));
    }
    if (request.transit() && request.nextStage() == FULL_FEATURE) {
      lastAnswers = answers;
      return new Ready();
    }
    LoginResponse response = response(request, request.transit(), answers, 0);
    if (request.transit()) {
      stage = request.nextStage();
    }
    return new Answer(response);
  }

  /** What may not change during a login, and the stages (§6.3, §11.12). */
  private void check(LoginRequest request) throws Failure {
    LoginRequest leading = first;
    if (leading == null) {
      first = request;
      if (request.versionMin() > VERSION) {
        throw new Failure(
            LoginStatus.UNSUPPORTED_VERSION, "version " + request.versionMin() + " and up only");
      }
      stage = request.currentStage();
    } else if (request.isid() != leading.isid()
        || request.tsih() != leading.tsih()
        || request.cid() != leading.cid()
        || request.itt() != leading.itt()
        || request.versionMax() != leading.versionMax()
        || request.versionMin() != leading.versionMin()) {
      throw new Failure(LoginStatus.INITIATOR_ERROR, "the requests of one login differ");
    }
    if (request.currentStage() != stage || stage > OPERATIONAL) {
      throw new Failure(
          LoginStatus.INITIATOR_ERROR, "stage " + request.currentStage() + " out of turn");
    }
    if (request.transit()) {
      if (request.more()) {
        throw new Failure(LoginStatus.INITIATOR_ERROR, "both T and C");
      }
      boolean ahead = request.nextStage() > stage;
      if (!ahead || (request.nextStage() != OPERATIONAL && request.nextStage() != FULL_FEATURE)) {
        throw new Failure(
            LoginStatus.INITIATOR_ERROR, "next stage " + request.nextStage() + " from " + stage);
      }
    }
  }

  private static boolean offersDiscovery(KeyValues offered) {
    return offered.pairs().contains(new KeyValues.Pair(TextKey.SESSION_TYPE.text(), "Discovery"));
  }

  /** What the first text has to hold (§6.3, §13.4, §13.5, §13.21). */
  private void names() throws Failure {
    namesKnown = true;
    String type = negotiation.text(TextKey.SESSION_TYPE);
    if (!discovery && !type.equals("Normal")) {
      throw new Failure(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "a session type that is none");
    }
    initiatorName = name(TextKey.INITIATOR_NAME);
    if (!discovery || negotiation.has(TextKey.TARGET_NAME)) {
      targetName = name(TextKey.TARGET_NAME);
    }
  }

  private String name(TextKey key) throws Failure {
    if (!negotiation.has(key)) {
      throw new Failure(LoginStatus.MISSING_PARAMETER, "no " + key.text());
    }
    Optional<String> name = IscsiName.normalise(negotiation.text(key));
    if (name.isEmpty()) {
      throw new Failure(
          // A name that is none can be the name of no target here.
          key == TextKey.TARGET_NAME ? LoginStatus.NOT_FOUND : LoginStatus.INITIATOR_ERROR,
          key.text() + " is no iSCSI name");
    }
    return name.get();
  }

  /** The table of §6.3.1, as far as a session has one connection. */
  private void checkSession(LoginRequest request) throws Failure {
    if (request.tsih() == 0) {
      return;
    }
    if (discovery || !hasTsih.test(request.tsih())) {
      throw new Failure(
          LoginStatus.SESSION_DOES_NOT_EXIST, "no session has the TSIH " + request.tsih());
    }
    throw new Failure(LoginStatus.TOO_MANY_CONNECTIONS, "a session has one connection");
  }

  /** The last response, which lets the initiator in. */
  LoginResponse accepted(int tsih) {
    return response(lastRequest(), true, lastAnswers, tsih);
  }

  /** A response that ends the login. */
  LoginResponse refusal(LoginStatus status) {
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
        Unpooled.EMPTY_BUFFER);
  }

  private LoginResponse response(
      LoginRequest request, boolean transit, List<KeyValues.Pair> answers, int tsih) {
    ByteBuf data =
        answers.isEmpty()
            ? Unpooled.EMPTY_BUFFER
            : Unpooled.wrappedBuffer(Negotiation.answers(answers).encode());
    return new LoginResponse(
        transit,
        false,
        stage,
        transit ? request.nextStage() : 0,
        VERSION,
        VERSION,
        request.isid(),
        tsih == 0 ? request.tsih() : tsih,
        request.itt(),
        statSn++,
        firstCmdSn(),
        firstCmdSn() + Limits.COMMANDS - 1,
        LoginStatus.SUCCESS.code(),
        data);
  }

  private LoginRequest lastRequest() {
    LoginRequest request = last;
    if (request == null) {
      throw new IllegalStateException("no login request yet");
    }
    return request;
  }

  String initiatorName() {
    return initiatorName;
  }

  /** The target's name; empty for a discovery session that names none. */
  String targetName() {
    return targetName;
  }

  boolean isDiscovery() {
    return discovery;
  }

  Isid isid() {
    return new Isid(lastRequest().isid());
  }

  int cid() {
    return lastRequest().cid();
  }

  /** The CmdSN of the leading login, with which the session begins (§11.12.8). */
  int firstCmdSn() {
    return first == null ? 0 : first.cmdSn();
  }

  /** The number of the next status on the connection. */
  int nextStatSn() {
    return statSn;
  }

  /** The longest data segment that the initiator may send from now on. */
  int maxReceiveSegment() {
    return segmentDeclared ? Limits.DATA_SEGMENT : Limits.LOGIN_DATA_SEGMENT;
  }

  TransferParameters parameters() {
    return new TransferParameters(
        negotiation.number(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH),
        negotiation.number(TextKey.MAX_BURST_LENGTH),
        negotiation.number(TextKey.FIRST_BURST_LENGTH),
        negotiation.yes(TextKey.INITIAL_R2T),
        negotiation.yes(TextKey.IMMEDIATE_DATA));
  }
}
