// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.session.SessionKey;
import dev.rootstock.target.session.SessionParameters;
import dev.rootstock.target.text.IscsiName;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.text.Phase;
import dev.rootstock.target.text.SessionKind;
import dev.rootstock.target.text.TextAssembly;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Digests;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of one connection's login, without sockets and without policy.
 *
 * <p>Each request is answered by a {@link Step}: a response, a refusal, or, when the initiator is
 * ready for the full feature phase and all is negotiated, the question whether it may enter.
 */
final class LoginPhase {
  private static final int SECURITY = LoginSequence.SECURITY;
  private static final int OPERATIONAL = LoginSequence.OPERATIONAL;
  private static final int FULL_FEATURE = LoginSequence.FULL_FEATURE;
  private static final int VERSION = LoginSequence.VERSION;

  /** RFC 7143 §13.1. */
  private static final String CRC32C = "CRC32C";

  /** Finds the living session that a TSIH and all the rest of its identity name, or null. */
  @FunctionalInterface
  interface Living {
    @Nullable Session find(int tsih, SessionKey key);
  }

  /** What follows from a request. */
  sealed interface Step {}

  /** Send this and wait for the next request. */
  record Answer(LoginResponse response) implements Step {}

  /** Send this and close. */
  record Refusal(LoginResponse response, String reason) implements Step {}

  /** Close without a response. */
  record Termination(String reason) implements Step {}

  /** It is known who asks for what; {@link LoginPhase#authenticate} goes on. */
  record Identify() implements Step {}

  /** Everything is negotiated; {@link LoginPhase#accepted} makes the last response. */
  record Ready() implements Step {}

  /** The first text, which waits for what policy says of its sender. */
  private record Waiting(
      LoginRequest request, Map<TextKey, String> security, List<KeyValues.Pair> answers) {}

  private final int portalGroupTag;
  private final Living living;
  private final Challenges challenges;
  private final LoginSequence sequence = new LoginSequence();
  private final Negotiation negotiation = new Negotiation();
  private final TextAssembly text = new TextAssembly();

  /** The session to join, when there is one. */
  private @Nullable Session existing;

  private @Nullable LoginRequest last;
  private @Nullable Waiting waiting;
  private @Nullable SecurityNegotiation security;
  private List<KeyValues.Pair> lastAnswers = List.of();
  private int statSn;
  private boolean tagTold;
  private boolean segmentDeclared;
  private String initiatorName = "";
  private String targetName = "";
  private boolean discovery;

  /**
   * Makes the machine of a new connection.
   *
   * @param living finds the sessions that live
   * @param challenges those of the whole target
   */
  LoginPhase(int portalGroupTag, Living living, Challenges challenges) {
    this.portalGroupTag = portalGroupTag;
    this.living = living;
    this.challenges = challenges;
  }

  /** Takes a PDU; the caller releases it. */
  Step step(InitiatorPdu pdu) {
    if (!(pdu instanceof LoginRequest request)) {
      if (last == null) {
        // §4.2.4: before the first Login Request there is no login to be refused.
        return new Termination("another request before the login began");
      }
      return new Refusal(
          refusal(LoginStatus.INVALID_DURING_LOGIN), "another request before the login was over");
    }
    last = request;
    try {
      return take(request);
    } catch (LoginFailure e) {
      return failed(e);
    } catch (NegotiationException e) {
      return failed(new LoginFailure(LoginStatus.INITIATOR_ERROR, String.valueOf(e.getMessage())));
    }
  }

  private Refusal failed(LoginFailure failure) {
    return new Refusal(refusal(failure.status()), failure.reason());
  }

  private Step take(LoginRequest request) throws LoginFailure, NegotiationException {
    sequence.check(request);
    text.add(request.data());
    if (request.more()) {
      // §6.2: answered by an empty response until the text is whole.
      return new Answer(response(request, false, List.of(), 0));
    }
    List<KeyValues.Pair> answers = new ArrayList<>();
    KeyValues offered = text.take();
    SecurityNegotiation known = security;
    if (known == null) {
      discovery = offersDiscovery(offered);
    }
    Phase phase = sequence.stage() == SECURITY ? Phase.SECURITY : Phase.OPERATIONAL;
    negotiation.receive(offered, phase, kind(request), answers);
    Map<TextKey, String> keys = Negotiation.security(offered);
    if (known == null) {
      names();
      checkSession(request);
      waiting = new Waiting(request, keys, answers);
      return new Identify();
    }
    noNames(offered);
    return proceed(request, known, keys, answers);
  }

  /** Goes on with the first text, once policy has said what its sender has to prove. */
  Step authenticate(Authentication policy) {
    Waiting text = waiting;
    if (text == null) {
      throw new IllegalStateException("nothing waits for policy");
    }
    waiting = null;
    SecurityNegotiation known = new SecurityNegotiation(policy, challenges);
    security = known;
    try {
      return proceed(text.request, known, text.security, text.answers);
    } catch (LoginFailure e) {
      return failed(e);
    }
  }

  private Step proceed(
      LoginRequest request,
      SecurityNegotiation known,
      Map<TextKey, String> keys,
      List<KeyValues.Pair> answers)
      throws LoginFailure {
    if (sequence.stage() == SECURITY) {
      known.take(keys, request.transit(), answers);
    } else if (!known.mayLeave()) {
      // §6.3.1: the stage may not be passed by where we ask for a proof.
      throw new LoginFailure(
          LoginStatus.AUTHENTICATION_FAILURE, "CHAP is asked for and the login begins without it");
    }
    if (!tagTold) {
      tagTold = true;
      // §6.3.1: with the first response that may hold keys.
      answers.add(
          new KeyValues.Pair(
              TextKey.TARGET_PORTAL_GROUP_TAG.text(), Integer.toString(portalGroupTag)));
    }
    if (sequence.stage() == OPERATIONAL && !segmentDeclared) {
      segmentDeclared = true;
      answers.add(
          new KeyValues.Pair(
              TextKey.MAX_RECV_DATA_SEGMENT_LENGTH.text(), Integer.toString(Limits.DATA_SEGMENT)));
    }
    boolean transit = request.transit() && known.mayLeave();
    if (transit && request.nextStage() == FULL_FEATURE) {
      lastAnswers = answers;
      return new Ready();
    }
    LoginResponse response = response(request, transit, answers, 0);
    if (transit) {
      sequence.enter(request.nextStage());
    }
    return new Answer(response);
  }

  /** The login is over, however it ended. */
  void end() {
    SecurityNegotiation known = security;
    if (known != null) {
      known.end();
    }
  }

  private SessionKind kind(LoginRequest request) {
    if (discovery) {
      return SessionKind.DISCOVERY;
    }
    return request.tsih() == 0 ? SessionKind.NORMAL : SessionKind.JOINING;
  }

  private static boolean offersDiscovery(KeyValues offered) {
    return offered.pairs().contains(new KeyValues.Pair(TextKey.SESSION_TYPE.text(), "Discovery"));
  }

  /** §6.3: they belong into the first text, and decide over all that follows. */
  private static void noNames(KeyValues offered) throws LoginFailure {
    for (KeyValues.Pair pair : offered.pairs()) {
      if (pair.key().equals(TextKey.SESSION_TYPE.text())
          || pair.key().equals(TextKey.TARGET_NAME.text())) {
        throw new LoginFailure(
            LoginStatus.INITIATOR_ERROR, pair.key() + " comes after the first text");
      }
    }
  }

  /** What the first text has to hold (§6.3, §13.4, §13.5, §13.21). */
  private void names() throws LoginFailure {
    String type = negotiation.text(TextKey.SESSION_TYPE);
    if (!discovery && !type.equals("Normal")) {
      throw new LoginFailure(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "a session type that is none");
    }
    initiatorName = name(TextKey.INITIATOR_NAME);
    if (!discovery || negotiation.has(TextKey.TARGET_NAME)) {
      targetName = name(TextKey.TARGET_NAME);
    }
  }

  private String name(TextKey key) throws LoginFailure {
    if (!negotiation.has(key)) {
      throw new LoginFailure(LoginStatus.MISSING_PARAMETER, "no " + key.text());
    }
    Optional<String> name = IscsiName.normalise(negotiation.text(key));
    if (name.isEmpty()) {
      throw new LoginFailure(
          // A name that is none can be the name of no target here.
          key == TextKey.TARGET_NAME ? LoginStatus.NOT_FOUND : LoginStatus.INITIATOR_ERROR,
          key.text() + " is no iSCSI name");
    }
    return name.get();
  }

  /** The table of §6.3.1; what a CID is to the session shows when it enters. */
  private void checkSession(LoginRequest request) throws LoginFailure {
    if (request.tsih() == 0) {
      return;
    }
    existing =
        discovery
            ? null
            : living.find(request.tsih(), new SessionKey(initiatorName, isid(), targetName));
    if (existing == null) {
      throw new LoginFailure(
          LoginStatus.SESSION_DOES_NOT_EXIST,
          "no session of this initiator, ISID and target has the TSIH " + request.tsih());
    }
  }

  /** The last response, which lets the initiator in. */
  LoginResponse accepted(int tsih) {
    return response(lastRequest(), true, lastAnswers, tsih);
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

  private LoginResponse response(
      LoginRequest request, boolean transit, List<KeyValues.Pair> answers, int tsih) {
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

  /** The numbers of a session that is joined are its own; they may be older ones (§4.2.2.1). */
  private int expCmdSn() {
    return existing == null ? firstCmdSn() : existing.expCmdSn();
  }

  private int maxCmdSn() {
    return existing == null
        ? firstCmdSn() + Limits.COMMANDS - 1
        : SerialNumber.later(existing.offeredCmdSn(), expCmdSn() - 1);
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

  /** Whom the initiator has proved to be by CHAP; null when it has not. */
  @Nullable String identity() {
    SecurityNegotiation known = security;
    return known == null ? null : known.identity();
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
    return sequence.firstCmdSn();
  }

  /** The number of the next status on the connection. */
  int nextStatSn() {
    return statSn;
  }

  /** The longest data segment that the initiator may send from now on. */
  int maxReceiveSegment() {
    return segmentDeclared ? Limits.DATA_SEGMENT : Limits.LOGIN_DATA_SEGMENT;
  }

  /** The session to join, or null for a login that begins one. */
  @Nullable Session existing() {
    return existing;
  }

  /** What this login has agreed on for the session that it begins. */
  SessionParameters sessionParameters() {
    return new SessionParameters(
        negotiation.number(TextKey.MAX_CONNECTIONS),
        negotiation.number(TextKey.ERROR_RECOVERY_LEVEL),
        negotiation.number(TextKey.DEFAULT_TIME_TO_WAIT),
        negotiation.number(TextKey.DEFAULT_TIME_TO_RETAIN),
        SessionParameters.TaskReporting.of(negotiation.text(TextKey.TASK_REPORTING)));
  }

  TransferParameters parameters() {
    return new TransferParameters(
        negotiation.number(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH),
        negotiation.number(TextKey.MAX_BURST_LENGTH),
        negotiation.number(TextKey.FIRST_BURST_LENGTH),
        negotiation.yes(TextKey.INITIAL_R2T),
        negotiation.yes(TextKey.IMMEDIATE_DATA),
        negotiation.number(TextKey.MAX_OUTSTANDING_R2T),
        negotiation.yes(TextKey.DATA_PDU_IN_ORDER),
        negotiation.number(TextKey.ERROR_RECOVERY_LEVEL),
        new Digests(
            negotiation.text(TextKey.HEADER_DIGEST).equals(CRC32C),
            negotiation.text(TextKey.DATA_DIGEST).equals(CRC32C)));
  }
}
