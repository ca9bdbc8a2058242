// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.wire.Digests;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The login's state machine, step by step (RFC 7143 §6.3, §11.12, §11.13). */
class LoginPhaseTest {
  private static final int SECURITY = 0;
  private static final int OPERATIONAL = 1;
  private static final int FULL_FEATURE = 3;
  private static final String NAMES =
      "InitiatorName=iqn.2001-04.com.example:host\0TargetName=IQN.2001-04.com.example:Disk\0";

  private final LoginPhase phase = new LoginPhase(1, (tsih, key) -> null, new Challenges());

  /** §6.3.1, §6.3.3: the stages may begin with the second; §11.13.3: the TSIH comes last. */
  @Test
  void oneStepFromOperationalToFullFeature() throws Exception {
    ready(request(OPERATIONAL, FULL_FEATURE, NAMES + "MaxRecvDataSegmentLength=4096\0"));
    LoginResponse last = phase.accepted(42);
    assertTrue(last.transit());
    assertEquals(OPERATIONAL, last.currentStage());
    assertEquals(FULL_FEATURE, last.nextStage());
    assertEquals(42, last.tsih());
    assertEquals(0, last.status());
    assertEquals(
        KeyValues.of("TargetPortalGroupTag", "1", "MaxRecvDataSegmentLength", "65536"), keys(last));
    assertEquals("iqn.2001-04.com.example:host", phase.names().initiator());
    assertEquals("iqn.2001-04.com.example:disk", phase.names().target());
    assertEquals(new Isid(0x400027230001L), phase.isid());
    assertEquals(4096, phase.parameters().maxSendSegment());
  }

  /** §6.3.2, §6.3.3: as iPXE logs in. */
  @Test
  void securityThenOperationalThenFullFeature() throws Exception {
    LoginResponse first =
        answer(request(SECURITY, OPERATIONAL, NAMES + "SessionType=Normal\0AuthMethod=None\0"));
    assertTrue(first.transit());
    assertEquals(SECURITY, first.currentStage());
    assertEquals(OPERATIONAL, first.nextStage());
    assertEquals(KeyValues.of("AuthMethod", "None", "TargetPortalGroupTag", "1"), keys(first));
    ready(
        request(
            OPERATIONAL,
            FULL_FEATURE,
            "HeaderDigest=None\0DataDigest=None\0MaxConnections=1\0InitialR2T=Yes\0"
                + "ImmediateData=No\0MaxRecvDataSegmentLength=8192\0MaxBurstLength=262144\0"
                + "FirstBurstLength=65536\0DefaultTime2Wait=0\0DefaultTime2Retain=0\0"
                + "MaxOutstandingR2T=1\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes\0"
                + "ErrorRecoveryLevel=0\0"));
    LoginResponse last = phase.accepted(1);
    assertEquals(first.statSn() + 1, last.statSn());
    assertFalse(new String(bytes(last.data()), StandardCharsets.UTF_8).contains("Reject"));
    assertTrue(phase.parameters().initialR2t());
    assertFalse(phase.parameters().immediateData());
  }

  /** §13.12: what was not declared has its default. */
  @Test
  void securityStraightToFullFeatureKeepsTheDefaultSegment() {
    ready(request(SECURITY, FULL_FEATURE, NAMES));
    assertEquals(Limits.LOGIN_DATA_SEGMENT, phase.maxReceiveSegment());
    assertEquals(8192, phase.parameters().maxSendSegment());
  }

  /** §11.12.1: only the T bit leaves the stage. */
  @Test
  void aRequestWithoutTransitKeepsTheStage() throws Exception {
    LoginResponse response = answer(request(OPERATIONAL, -1, NAMES));
    assertFalse(response.transit());
    ready(request(OPERATIONAL, FULL_FEATURE, ""));
    assertEquals(KeyValues.of(), keys(phase.accepted(1)));
  }

  /** §6.2: a text may be cut anywhere. */
  @Test
  void aTextMaySpanRequests() throws Exception {
    int cut = 20;
    LoginResponse empty = answer(more(NAMES.substring(0, cut)));
    assertEquals(0, empty.data().readableBytes());
    assertFalse(empty.transit());
    ready(request(OPERATIONAL, FULL_FEATURE, NAMES.substring(cut)));
    assertEquals("iqn.2001-04.com.example:disk", phase.names().target());
  }

  /** §6.1: 64 KiB of keys and values are taken, and no more. */
  @Test
  void aTextOfMoreThan64KiBIsRefused() {
    String part = "X-a=" + "b".repeat(8000);
    LoginPhase.Step step = step(more(part));
    for (int i = 0; i < 8; i++) {
      step = step(more("b".repeat(8192)));
    }
    assertStatus(LoginStatus.INITIATOR_ERROR, step);
  }

  /** §6.2: the number of exchanges is bounded. */
  @Test
  void aLoginThatGoesOnForEverIsRefused() {
    for (int i = 0; i < Limits.LOGIN_EXCHANGES; i++) {
      answer(request(OPERATIONAL, -1, i == 0 ? NAMES : ""));
    }
    assertStatus(LoginStatus.INITIATOR_ERROR, step(request(OPERATIONAL, -1, "")));
  }

  /** §13.4: the target name may be left out of a discovery session. */
  @Test
  void aDiscoverySessionNeedsNoTarget() {
    ready(
        request(
            OPERATIONAL,
            FULL_FEATURE,
            "InitiatorName=iqn.2001-04.com.example:host\0SessionType=Discovery\0"));
    assertTrue(phase.names().discovery());
    assertEquals("", phase.names().target());
  }

  /** §11.13.5: each has the status that says what is wrong. */
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "MISSING_PARAMETER, TargetName=iqn.2001-04.com.example:disk",
    "MISSING_PARAMETER, InitiatorName=iqn.2001-04.com.example:host",
    "MISSING_PARAMETER, ''",
    "INITIATOR_ERROR, InitiatorName=host;TargetName=iqn.2001-04.com.example:disk",
    "NOT_FOUND, InitiatorName=iqn.2001-04.com.example:host;TargetName=disk",
    "SESSION_TYPE_NOT_SUPPORTED, InitiatorName=iqn.2001-04.com.example:host;SessionType=Other",
    "INITIATOR_ERROR, InitiatorName=iqn.2001-04.com.example:host;SendTargets=All",
    "INITIATOR_ERROR, InitiatorName=iqn.2001-04.com.example:host;ImmediateData=Irrelevant",
    "INITIATOR_ERROR, InitiatorName=iqn.2001-04.com.example:host;MaxRecvDataSegmentLength=511",
  })
  void wrongKeysAreRefused(LoginStatus status, String keys) {
    String text = keys.isEmpty() ? "" : keys.replace(';', '\0') + "\0";
    assertStatus(status, step(request(OPERATIONAL, FULL_FEATURE, text)));
  }

  /** §11.13.5: 0201, where there is no method in common. */
  @Test
  void chapAloneIsAnAuthenticationFailure() {
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        step(request(SECURITY, OPERATIONAL, NAMES + "AuthMethod=CHAP\0")));
  }

  /** §11.12.3: stages 0, 1 and 3, forwards only. */
  @ParameterizedTest(name = "from {0} to {1}")
  @CsvSource({"0, 0", "0, 2", "1, 0", "1, 1", "1, 2", "2, 3", "3, 3"})
  void transitionsThatDoNotExistAreRefused(int from, int to) {
    assertStatus(LoginStatus.INITIATOR_ERROR, step(request(from, to, NAMES)));
  }

  /** §11.12.3: the current stage is that of the negotiation. */
  @Test
  void goingBackToAnEarlierStageIsRefused() {
    answer(request(SECURITY, OPERATIONAL, NAMES));
    assertStatus(LoginStatus.INITIATOR_ERROR, step(request(SECURITY, OPERATIONAL, "")));
  }

  /** §11.12.2: T is 0 where C is 1. */
  @Test
  void bothTransitAndContinueAreRefused() {
    LoginRequest both =
        new LoginRequest(
            true, true, 1, 3, 0, 0, 0x400027230001L, 0, 9, 0, 5, 0, Unpooled.EMPTY_BUFFER);
    assertStatus(LoginStatus.INITIATOR_ERROR, step(both));
  }

  /** §11.12.4: there is version 0; §11.13.5: 0205. */
  @Test
  void aVersionThatIsNotOursIsRefused() {
    LoginRequest later =
        new LoginRequest(
            true, false, 1, 3, 2, 1, 0x400027230001L, 0, 9, 0, 5, 0, Unpooled.EMPTY_BUFFER);
    assertStatus(LoginStatus.UNSUPPORTED_VERSION, step(later));
  }

  /** §6.3: the whole login is one task of one session. */
  @Test
  void requestsOfOneLoginThatDifferAreRefused() {
    answer(request(OPERATIONAL, -1, NAMES));
    LoginRequest other =
        new LoginRequest(
            true, false, 1, 3, 0, 0, 0x400027230002L, 0, 9, 0, 5, 0, Unpooled.EMPTY_BUFFER);
    assertStatus(LoginStatus.INITIATOR_ERROR, step(other));
  }

  /** §6.3: not more than once in a login. */
  @Test
  void keysNegotiatedTwiceInALoginAreRefused() {
    answer(request(OPERATIONAL, -1, NAMES + "ErrorRecoveryLevel=0\0"));
    assertStatus(
        LoginStatus.INITIATOR_ERROR,
        step(request(OPERATIONAL, FULL_FEATURE, "ErrorRecoveryLevel=0\0")));
  }

  /** §6.3: the names decide over all that follows, and belong into the first text. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SessionType=Discovery\0",
        "SessionType=Normal\0",
        "TargetName=iqn.2001-04.com.example:other\0",
        "InitiatorName=iqn.2001-04.com.example:other\0",
      })
  void namesAfterTheFirstTextAreRefused(String later) {
    answer(request(OPERATIONAL, -1, NAMES));
    assertStatus(LoginStatus.INITIATOR_ERROR, step(request(OPERATIONAL, FULL_FEATURE, later)));
  }

  /** §11.13.5: 020b. */
  @Test
  void anotherRequestDuringTheLoginIsRefused() {
    answer(request(OPERATIONAL, -1, NAMES));
    assertStatus(
        LoginStatus.INVALID_DURING_LOGIN,
        step(new NopOut(true, 0, 1, Tag.NONE, 1, 1, Unpooled.EMPTY_BUFFER)));
  }

  /** §6.3.1, §11.13.5: 020a. */
  @Test
  void aTsihThatNoSessionHasIsRefused() {
    assertStatus(LoginStatus.SESSION_DOES_NOT_EXIST, step(joining(8)));
  }

  /** §6.2.2: what is not admissible is answered Reject, and the default stays. */
  @Test
  void aLoginGoesOnAfterAValueThatIsNotAdmissible() throws Exception {
    ready(
        request(
            OPERATIONAL,
            FULL_FEATURE,
            NAMES + "HeaderDigest=CRC64\0MaxOutstandingR2T=0\0InitialR2T=no\0"));
    assertTrue(
        keys(phase.accepted(1))
            .pairs()
            .containsAll(
                KeyValues.of(
                        "HeaderDigest", "Reject",
                        "MaxOutstandingR2T", "Reject",
                        "InitialR2T", "Reject")
                    .pairs()));
    assertEquals(Digests.NONE, phase.parameters().digests());
    assertEquals(1, phase.parameters().maxOutstandingR2t());
    assertTrue(phase.parameters().initialR2t());
  }

  /** §6.3.1, §11.13.4: nobody is told of sessions before he has proved who he is. */
  @Test
  void strangersDoNotLearnWhichSessionsThereAre() {
    List<Integer> asked = new ArrayList<>();
    LoginPhase stranger =
        new LoginPhase(
            1,
            (tsih, key) -> {
              asked.add(tsih);
              return null;
            },
            new Challenges());
    assertInstanceOf(
        LoginPhase.Identify.class,
        stranger.step(joining(SECURITY, OPERATIONAL, 8, NAMES + "AuthMethod=CHAP\0")));
    LoginResponse response =
        assertInstanceOf(LoginPhase.Answer.class, stranger.authenticate(Authentication.NOBODY))
            .response();
    assertEquals(List.of(), asked);
    assertEquals(0, response.status());
    // Older than whatever a session that waits for command 5 can say, and so without effect.
    assertEquals(5 - Limits.COMMANDS, response.expCmdSn());
    assertEquals(5 - Limits.COMMANDS - 1, response.maxCmdSn());
  }

  /** §11.13.4, §11.12.8. */
  @Test
  void responsesCarryTheSessionsNumbers() {
    LoginResponse response = answer(request(OPERATIONAL, -1, NAMES));
    assertEquals(5, response.expCmdSn());
    assertEquals(5 + Limits.COMMANDS - 1, response.maxCmdSn());
    assertEquals(response.statSn() + 1, phase.nextStatSn());
  }

  private static LoginRequest request(int current, int next, String text) {
    boolean transit = next >= 0;
    return new LoginRequest(
        transit,
        false,
        current,
        transit ? next : 0,
        0,
        0,
        0x400027230001L,
        0,
        9,
        0,
        5,
        0,
        Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
  }

  private static LoginRequest more(String text) {
    return new LoginRequest(
        false,
        true,
        OPERATIONAL,
        0,
        0,
        0,
        0x400027230001L,
        0,
        9,
        0,
        5,
        0,
        Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
  }

  private static LoginRequest joining(int tsih) {
    return joining(OPERATIONAL, FULL_FEATURE, tsih, NAMES);
  }

  private static LoginRequest joining(int stage, int next, int tsih, String text) {
    return new LoginRequest(
        true,
        false,
        stage,
        next,
        0,
        0,
        0x400027230001L,
        tsih,
        9,
        1,
        5,
        0,
        Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
  }

  /** Takes a PDU as if nobody had to prove anything. */
  private LoginPhase.Step step(InitiatorPdu pdu) {
    LoginPhase.Step step = phase.step(pdu);
    return step instanceof LoginPhase.Identify
        ? phase.authenticate(Authentication.NOT_NEEDED)
        : step;
  }

  private LoginResponse answer(InitiatorPdu pdu) {
    return assertInstanceOf(LoginPhase.Answer.class, step(pdu)).response();
  }

  private void ready(InitiatorPdu pdu) {
    assertInstanceOf(LoginPhase.Ready.class, step(pdu));
  }

  private static void assertStatus(LoginStatus status, LoginPhase.Step step) {
    LoginResponse response = assertInstanceOf(LoginPhase.Refusal.class, step).response();
    assertEquals(status.code(), response.status());
    assertFalse(response.transit());
  }

  private static KeyValues keys(LoginResponse response) throws Exception {
    return KeyValues.parse(bytes(response.data()));
  }

  private static byte[] bytes(ByteBuf data) {
    byte[] bytes = new byte[data.readableBytes()];
    data.getBytes(data.readerIndex(), bytes);
    return bytes;
  }
}
