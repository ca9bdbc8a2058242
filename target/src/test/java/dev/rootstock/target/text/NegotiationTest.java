// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The answers of RFC 7143 §6.2, §12.1 and §13, key by key. */
class NegotiationTest {

  @ParameterizedTest(name = "{0}={1} is answered by {2}")
  @CsvSource(
      nullValues = "-",
      value = {
        "HeaderDigest, 'CRC32C,None', CRC32C",
        "HeaderDigest, None, None",
        "DataDigest, 'X-com.example.sum,CRC32C', CRC32C",
        "DataDigest, 'None,CRC32C', None",
        "MaxConnections, 9, 8",
        "InitialR2T, Yes, Yes",
        "InitialR2T, No, No",
        "ImmediateData, Yes, Yes",
        "ImmediateData, No, No",
        "MaxRecvDataSegmentLength, 262144, -",
        "MaxBurstLength, 16776192, 262144",
        "MaxBurstLength, 16384, 16384",
        "MaxBurstLength, 0x4000, 16384",
        "FirstBurstLength, 262144, 65536",
        "DefaultTime2Wait, 5, 5",
        "DefaultTime2Retain, 20, 0",
        "MaxOutstandingR2T, 16, 4",
        "DataPDUInOrder, No, No",
        "DataSequenceInOrder, No, No",
        "ErrorRecoveryLevel, 2, 2",
        "DefaultTime2Retain, 60, 0",
        "IFMarker, Yes, No",
        "OFMarker, No, No",
        "IFMarkInt, 2048~65535, Reject",
        "OFMarkInt, 2048, Reject",
        "TaskReporting, 'FastAbort,ResponseFence,RFC3720', FastAbort",
        "TaskReporting, 'FastAbort,RFC3720', FastAbort",
        "TaskReporting, RFC3720, RFC3720",
        "iSCSIProtocolLevel, 2, 1",
        "InitiatorAlias, some machine, -",
        "X#NodeArchitecture, Linux/6.1, -",
        "X-com.example.key, 1, NotUnderstood",
        "TargetRecvDataSegmentLength, 4096, NotUnderstood",
      })
  void operationalKey(String key, String offer, String answer) throws Exception {
    assertEquals(
        answer == null ? KeyValues.of() : KeyValues.of(key, answer),
        answer(Phase.OPERATIONAL, SessionKind.NORMAL, key, offer));
  }

  @ParameterizedTest(name = "{0}={1} fails")
  @CsvSource({
    "HeaderDigest, Reject",
    "ImmediateData, Irrelevant",
    "MaxBurstLength, NotUnderstood",
    "MaxRecvDataSegmentLength, 511",
    "MaxRecvDataSegmentLength, ''",
    "TargetAlias, disk",
    "TargetPortalGroupTag, 1",
    "TargetAddress, '10.0.0.1:3260,1'",
    "SendTargets, All",
    "AuthMethod, None",
  })
  void operationalKeyThatMayNotBe(String key, String offer) {
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.OPERATIONAL, SessionKind.NORMAL, key, offer));
  }

  /** §6.2.1, §6.2.2: the key is left at its value. */
  @ParameterizedTest(name = "{0}={1} is rejected")
  @CsvSource({
    "HeaderDigest, CRC64",
    "DataDigest, ''",
    "MaxConnections, 0",
    "MaxConnections, 65536",
    "MaxBurstLength, 511",
    "MaxBurstLength, 16777216",
    "MaxBurstLength, -1",
    "MaxBurstLength, 0xffffffffffffffff",
    "MaxBurstLength, 99999999999999999999",
    "MaxBurstLength, ' 512'",
    "MaxBurstLength, ''",
    "FirstBurstLength, 511",
    "InitialR2T, yes",
    "ImmediateData, None",
    "DefaultTime2Wait, 3601",
    "ErrorRecoveryLevel, 3",
    "TaskReporting, RFC9999",
    "iSCSIProtocolLevel, 32",
  })
  void whatIsNotAdmissibleIsRejected(String key, String offer) throws Exception {
    Negotiation negotiation = new Negotiation();
    List<KeyValues.Pair> answers = new ArrayList<>();
    TextKey known = Objects.requireNonNull(TextKey.of(key));
    String before = negotiation.text(known);
    negotiation.receive(KeyValues.of(key, offer), Phase.OPERATIONAL, SessionKind.NORMAL, answers);
    assertEquals(KeyValues.of(key, "Reject"), Negotiation.answers(answers));
    assertEquals(before, negotiation.text(known));
  }

  /** The reserved answer Reject would end iPXE's login. */
  @Test
  void markersAreNeverAnsweredByReject() throws Exception {
    KeyValues answers =
        answer(Phase.OPERATIONAL, SessionKind.NORMAL, "IFMarker", "Yes", "OFMarker", "Yes");
    assertEquals(KeyValues.of("IFMarker", "No", "OFMarker", "No"), answers);
  }

  /** §12.1: who asks decides over the answer, so the table has none. */
  @Test
  void securityKeysAreKeptWithoutAnAnswer() throws Exception {
    assertEquals(
        KeyValues.of(),
        answer(Phase.SECURITY, SessionKind.NORMAL, "AuthMethod", "CHAP,None", "CHAP_A", "5"));
    assertEquals(
        Map.of(TextKey.AUTH_METHOD, "CHAP,None", TextKey.CHAP_A, "5"),
        Negotiation.security(
            KeyValues.of("AuthMethod", "CHAP,None", "InitiatorAlias", "x", "CHAP_A", "5")));
  }

  /** §13.14: FirstBurstLength never exceeds MaxBurstLength, in whichever order they come. */
  @Test
  void firstBurstLengthStaysWithinMaxBurstLength() throws Exception {
    assertEquals(
        KeyValues.of("MaxBurstLength", "4096", "FirstBurstLength", "4096"),
        answer(
            Phase.OPERATIONAL,
            SessionKind.NORMAL,
            "FirstBurstLength",
            "65536",
            "MaxBurstLength",
            "4096"));
  }

  /** §6.2: integrity is checked, and what was agreed on may not be undone by another key. */
  @Test
  void aMaxBurstLengthBelowAFirstBurstLengthThatWasAgreedOnFails() throws Exception {
    Negotiation negotiation = new Negotiation();
    negotiation.receive(
        KeyValues.of("FirstBurstLength", "65536"),
        Phase.OPERATIONAL,
        SessionKind.NORMAL,
        new ArrayList<>());
    assertThrows(
        NegotiationException.class,
        () ->
            negotiation.receive(
                KeyValues.of("MaxBurstLength", "4096"),
                Phase.OPERATIONAL,
                SessionKind.NORMAL,
                new ArrayList<>()));
  }

  /** §7.4.1, §13.21. */
  @Test
  void aDiscoverySessionHasNoRecovery() throws Exception {
    assertEquals(
        KeyValues.of("ErrorRecoveryLevel", "0"),
        answer(Phase.OPERATIONAL, SessionKind.DISCOVERY, "ErrorRecoveryLevel", "2"));
  }

  /** §13: keys for use "LO" are those of a session's first connection. */
  @ParameterizedTest
  @CsvSource({
    "MaxConnections, 1",
    "InitialR2T, No",
    "ImmediateData, Yes",
    "MaxBurstLength, 262144",
    "FirstBurstLength, 65536",
    "DefaultTime2Wait, 2",
    "DefaultTime2Retain, 20",
    "MaxOutstandingR2T, 1",
    "DataPDUInOrder, Yes",
    "DataSequenceInOrder, Yes",
    "ErrorRecoveryLevel, 0",
    "TaskReporting, RFC3720",
    "iSCSIProtocolLevel, 1",
  })
  void keysOfTheLeadingConnectionMayNotComeOnALaterOne(String key, String offer) throws Exception {
    answer(Phase.OPERATIONAL, SessionKind.NORMAL, key, offer);
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.OPERATIONAL, SessionKind.JOINING, key, offer));
  }

  /** §13: "CO" keys are each connection's own. */
  @ParameterizedTest
  @CsvSource({
    "HeaderDigest, None",
    "DataDigest, None",
    "MaxRecvDataSegmentLength, 8192",
    "InitiatorAlias, host",
    "IFMarker, No",
  })
  void keysOfEachConnectionMayComeOnALaterOne(String key, String offer) throws Exception {
    assertEquals(
        answer(Phase.OPERATIONAL, SessionKind.NORMAL, key, offer),
        answer(Phase.OPERATIONAL, SessionKind.JOINING, key, offer));
  }

  @Test
  void operationalKeysMayNotComeInTheSecurityStage() {
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.SECURITY, SessionKind.NORMAL, "MaxConnections", "1"));
  }

  /** §13: "Irrelevant when: SessionType=Discovery". */
  @ParameterizedTest
  @CsvSource({
    "MaxConnections, 1",
    "InitialR2T, No",
    "ImmediateData, Yes",
    "MaxBurstLength, 262144",
    "FirstBurstLength, 65536",
    "MaxOutstandingR2T, 1",
    "DataPDUInOrder, Yes",
    "DataSequenceInOrder, Yes",
  })
  void keysThatADiscoverySessionMakesIrrelevant(String key, String offer) throws Exception {
    assertEquals(
        KeyValues.of(key, "Irrelevant"),
        answer(Phase.OPERATIONAL, SessionKind.DISCOVERY, key, offer));
  }

  /** §13.19: only the last R2T may be recovered, so that there may be no other. */
  @Test
  void sequencesInOrderThatAreRecoveredAllowOneR2t() throws Exception {
    assertEquals(
        KeyValues.of("MaxOutstandingR2T", "1", "ErrorRecoveryLevel", "1"),
        answer(
            Phase.OPERATIONAL,
            SessionKind.NORMAL,
            "MaxOutstandingR2T",
            "8",
            "ErrorRecoveryLevel",
            "1"));
    assertEquals(
        KeyValues.of(
            "DataSequenceInOrder", "No", "MaxOutstandingR2T", "4", "ErrorRecoveryLevel", "1"),
        answer(
            Phase.OPERATIONAL,
            SessionKind.NORMAL,
            "DataSequenceInOrder",
            "No",
            "MaxOutstandingR2T",
            "8",
            "ErrorRecoveryLevel",
            "1"));
  }

  @Test
  void aKeyOfferedTwiceFails() {
    assertThrows(
        NegotiationException.class,
        () ->
            answer(
                Phase.OPERATIONAL,
                SessionKind.NORMAL,
                "ErrorRecoveryLevel",
                "0",
                "ErrorRecoveryLevel",
                "0"));
  }

  @Test
  void anUnknownKeyOfferedTwiceFails() {
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.OPERATIONAL, SessionKind.NORMAL, "X-a", "0", "X-a", "0"));
  }

  @Test
  void onlyTheKeysForItMayComeInTheFullFeaturePhase() throws Exception {
    assertEquals(
        KeyValues.of(),
        answer(Phase.FULL_FEATURE, SessionKind.NORMAL, "MaxRecvDataSegmentLength", "4096"));
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.FULL_FEATURE, SessionKind.NORMAL, "MaxBurstLength", "4096"));
  }

  @Test
  void whatWasNotNegotiatedHasItsDefault() {
    Negotiation negotiation = new Negotiation();
    assertEquals(8192, negotiation.number(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH));
    assertEquals(262144, negotiation.number(TextKey.MAX_BURST_LENGTH));
    assertEquals(65536, negotiation.number(TextKey.FIRST_BURST_LENGTH));
    assertTrue(negotiation.yes(TextKey.INITIAL_R2T));
    assertTrue(negotiation.yes(TextKey.IMMEDIATE_DATA));
  }

  /** §6.1: a text of the greatest size is answered within one PDU of the default length. */
  @Test
  void answersFitALoginResponse() throws Exception {
    List<String> offered = new ArrayList<>();
    for (int i = 0; i < Limits.TEXT_KEYS; i++) {
      offered.add("X-" + "a".repeat(Limits.KEY_NAME_BYTES - 4) + (10 + i));
      offered.add("1");
    }
    KeyValues answers =
        answer(Phase.OPERATIONAL, SessionKind.NORMAL, offered.toArray(new String[0]));
    assertEquals(Limits.TEXT_KEYS, answers.pairs().size());
    assertTrue(answers.encode().length < Limits.LOGIN_DATA_SEGMENT - 256);
  }

  @ParameterizedTest
  @EnumSource(TextKey.class)
  void everyKeyIsFoundByItsName(TextKey key) {
    assertEquals(key, TextKey.of(key.text()));
  }

  private static KeyValues answer(Phase phase, SessionKind kind, String... offered)
      throws NegotiationException {
    List<KeyValues.Pair> answers = new ArrayList<>();
    new Negotiation().receive(KeyValues.of(offered), phase, kind, answers);
    return Negotiation.answers(answers);
  }
}
