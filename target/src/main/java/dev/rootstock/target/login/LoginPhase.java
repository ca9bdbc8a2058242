// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.session.SessionKey;
import dev.rootstock.target.session.SessionParameters;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.text.Phase;
import dev.rootstock.target.text.SessionKind;
import dev.rootstock.target.text.TextAssembly;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  /**
   * Finds the living session that a TSIH and the rest of its identity name, or null; it may be of
   * another portal group.
   */
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

  private final int portalGroup;
  private final Living living;
  private final Challenges challenges;
  private final LoginSequence sequence = new LoginSequence();
  private final LoginResponses responses = new LoginResponses(sequence);
  private final Negotiation negotiation = new Negotiation();
  private final TextAssembly text = new TextAssembly();
  private LoginNames names = LoginNames.UNKNOWN;

  /** The session to join, when there is one. */
  private @Nullable Session existing;

  private @Nullable Waiting waiting;
  private @Nullable SecurityNegotiation security;
  private List<KeyValues.Pair> lastAnswers = List.of();
  private boolean tagTold;
  private boolean segmentDeclared;

  /**
   * Makes the machine of a new connection.
   *
   * @param portalGroup the tag of the portal group that the connection came through
   * @param challenges those of the whole target
   */
  LoginPhase(int portalGroup, Living living, Challenges challenges) {
    this.portalGroup = portalGroup;
    this.living = living;
    this.challenges = challenges;
  }

  /** Takes a PDU; the caller releases it. */
  Step step(InitiatorPdu pdu) {
    if (!(pdu instanceof LoginRequest request)) {
      if (!responses.begun()) {
        // §4.2.4: before the first Login Request there is no login to be refused.
        return new Termination("another request before the login began");
      }
      return new Refusal(
          refusal(LoginStatus.INVALID_DURING_LOGIN), "another request before the login was over");
    }
    responses.answering(request);
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
      return new Answer(responses.success(false, List.of(), 0));
    }
    List<KeyValues.Pair> answers = new ArrayList<>();
    KeyValues offered = text.take();
    SecurityNegotiation known = security;
    boolean discovery = known == null ? LoginNames.offersDiscovery(offered) : names.discovery();
    Phase phase = sequence.stage() == SECURITY ? Phase.SECURITY : Phase.OPERATIONAL;
    negotiation.receive(offered, phase, kind(request, discovery), answers);
    Map<TextKey, String> keys = Negotiation.security(offered);
    if (known == null) {
      names = LoginNames.of(negotiation, discovery);
      waiting = new Waiting(request, keys, answers);
      return new Identify();
    }
    LoginNames.refuseLater(offered);
    return proceed(request, known, keys, answers);
  }

  private static SessionKind kind(LoginRequest request, boolean discovery) {
    if (discovery) {
      return SessionKind.DISCOVERY;
    }
    return request.tsih() == 0 ? SessionKind.NORMAL : SessionKind.JOINING;
  }

  /** Goes on with the first text, once policy has said what its sender has to prove. */
  Step authenticate(Authentication policy) {
    Waiting first = waiting;
    if (first == null) {
      throw new IllegalStateException("nothing waits for policy");
    }
    waiting = null;
    SecurityNegotiation known = new SecurityNegotiation(policy, challenges);
    security = known;
    try {
      return proceed(first.request, known, first.security, first.answers);
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
    if (known.mayLeave()) {
      checkSession(request);
    }
    declareOurs(answers);
    boolean transit = request.transit() && known.mayLeave();
    if (transit && request.nextStage() == FULL_FEATURE) {
      lastAnswers = answers;
      return new Ready();
    }
    LoginResponse response = responses.success(transit, answers, 0);
    if (transit) {
      sequence.enter(request.nextStage());
    }
    return new Answer(response);
  }

  /** Adds what the target declares on its own account, each with the first response that may. */
  private void declareOurs(List<KeyValues.Pair> answers) {
    if (!tagTold) {
      tagTold = true;
      // §6.3.1: with the first response that may hold keys.
      answers.add(
          new KeyValues.Pair(
              TextKey.TARGET_PORTAL_GROUP_TAG.text(), Integer.toString(portalGroup)));
    }
    if (sequence.stage() == OPERATIONAL && !segmentDeclared) {
      segmentDeclared = true;
      answers.add(
          new KeyValues.Pair(
              TextKey.MAX_RECV_DATA_SEGMENT_LENGTH.text(), Integer.toString(Limits.DATA_SEGMENT)));
    }
  }

  /**
   * The table of §6.3.1; what a CID is to the session shows when it enters. It is looked at only
   * when the initiator has proved who it is, lest strangers learn which sessions there are.
   */
  private void checkSession(LoginRequest request) throws LoginFailure {
    if (request.tsih() == 0 || existing != null) {
      return;
    }
    Session found = names.discovery() ? null : living.find(request.tsih(), sessionKey());
    if (found == null) {
      throw new LoginFailure(
          LoginStatus.SESSION_DOES_NOT_EXIST,
          "no session of this initiator, ISID and target has the TSIH " + request.tsih());
    }
    if (found.key().portalGroup() != portalGroup) {
      throw new LoginFailure(
          LoginStatus.CANNOT_INCLUDE_IN_SESSION,
          "the session's connections come through portal group %d, and this one through %d"
              .formatted(found.key().portalGroup(), portalGroup));
    }
    existing = found;
    responses.joining(found);
  }

  /** The login is over, however it ended. */
  void end() {
    SecurityNegotiation known = security;
    if (known != null) {
      known.end();
    }
  }

  /** The last response, which lets the initiator in. */
  LoginResponse accepted(int tsih) {
    return responses.success(true, lastAnswers, tsih);
  }

  /** A response that ends the login. */
  LoginResponse refusal(LoginStatus status) {
    return responses.refusal(status);
  }

  /** A response that sends the initiator elsewhere. */
  LoginResponse redirection(String address, boolean permanent) {
    return responses.redirection(address, permanent);
  }

  /** Who logs in to what. */
  LoginNames names() {
    return names;
  }

  /** What the session would be known by, if it names a target. */
  SessionKey sessionKey() {
    return new SessionKey(names.initiator(), isid(), names.target(), portalGroup);
  }

  /** Whom the initiator has proved to be by CHAP; null when it has not. */
  @Nullable String identity() {
    SecurityNegotiation known = security;
    return known == null ? null : known.identity();
  }

  Isid isid() {
    return new Isid(responses.request().isid());
  }

  int cid() {
    return responses.request().cid();
  }

  /** The CmdSN of the leading login, with which the session begins (§11.12.8). */
  int firstCmdSn() {
    return sequence.firstCmdSn();
  }

  /** The number of the next status on the connection. */
  int nextStatSn() {
    return responses.nextStatSn();
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
    return Agreement.session(negotiation);
  }

  TransferParameters parameters() {
    return Agreement.transfers(negotiation);
  }
}
