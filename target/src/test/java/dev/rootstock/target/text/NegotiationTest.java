// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.wire.Limits;
import java.util.ArrayList;
import java.util.List;
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
        "HeaderDigest, 'CRC32C,None', None",
        "HeaderDigest, None, None",
        "DataDigest, 'None,CRC32C', None",
        "MaxConnections, 8, 1",
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
        "MaxOutstandingR2T, 16, 1",
        "DataPDUInOrder, No, Yes",
        "DataSequenceInOrder, No, Yes",
        "ErrorRecoveryLevel, 2, 0",
        "IFMarker, Yes, No",
        "OFMarker, No, No",
        "IFMarkInt, 2048~65535, Reject",
        "OFMarkInt, 2048, Reject",
        "TaskReporting, 'FastAbort,ResponseFence,RFC3720', ResponseFence",
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
        answer(Phase.OPERATIONAL, false, key, offer));
  }

  @ParameterizedTest(name = "{0}={1} fails")
  @CsvSource({
    "HeaderDigest, CRC32C",
    "HeaderDigest, Reject",
    "MaxConnections, 0",
    "MaxConnections, 65536",
    "MaxBurstLength, 511",
    "MaxBurstLength, 16777216",
    "MaxBurstLength, -1",
    "MaxBurstLength, 0xffffffffffffffff",
    "MaxBurstLength, 99999999999999999999",
    "MaxBurstLength, ' 512'",
    "MaxBurstLength, ''",
    "InitialR2T, yes",
    "ImmediateData, Irrelevant",
    "MaxRecvDataSegmentLength, 511",
    "ErrorRecoveryLevel, 3",
    "TargetAlias, disk",
    "TargetPortalGroupTag, 1",
    "TargetAddress, '10.0.0.1:3260,1'",
    "SendTargets, All",
    "AuthMethod, None",
  })
  void operationalKeyThatMayNotBe(String key, String offer) {
    assertThrows(NegotiationException.class, () -> answer(Phase.OPERATIONAL, false, key, offer));
  }

  /** The reserved answer Reject would end iPXE's login. */
  @Test
  void markersAreNeverAnsweredByReject() throws Exception {
    KeyValues answers = answer(Phase.OPERATIONAL, false, "IFMarker", "Yes", "OFMarker", "Yes");
    assertEquals(KeyValues.of("IFMarker", "No", "OFMarker", "No"), answers);
  }

  @Test
  void authMethodTakesTheFirstThatIsSupported() throws Exception {
    assertEquals(
        KeyValues.of("AuthMethod", "None"),
        answer(Phase.SECURITY, false, "AuthMethod", "KRB5,CHAP,None"));
  }

  @Test
  void authMethodWithoutNoneFailsAsAuthentication() {
    NegotiationException e =
        assertThrows(
            NegotiationException.class, () -> answer(Phase.SECURITY, false, "AuthMethod", "CHAP"));
    assertTrue(e.authentication());
  }

  @Test
  void operationalKeysMayNotComeInTheSecurityStage() {
    assertThrows(
        NegotiationException.class, () -> answer(Phase.SECURITY, false, "MaxConnections", "1"));
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
    assertEquals(KeyValues.of(key, "Irrelevant"), answer(Phase.OPERATIONAL, true, key, offer));
  }

  @Test
  void aKeyOfferedTwiceFails() {
    assertThrows(
        NegotiationException.class,
        () ->
            answer(Phase.OPERATIONAL, false, "ErrorRecoveryLevel", "0", "ErrorRecoveryLevel", "0"));
  }

  @Test
  void anUnknownKeyOfferedTwiceFails() {
    assertThrows(
        NegotiationException.class, () -> answer(Phase.OPERATIONAL, false, "X-a", "0", "X-a", "0"));
  }

  @Test
  void onlyTheKeysForItMayComeInTheFullFeaturePhase() throws Exception {
    assertEquals(
        KeyValues.of(), answer(Phase.FULL_FEATURE, false, "MaxRecvDataSegmentLength", "4096"));
    assertThrows(
        NegotiationException.class,
        () -> answer(Phase.FULL_FEATURE, false, "MaxBurstLength", "4096"));
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
    KeyValues answers = answer(Phase.OPERATIONAL, false, offered.toArray(new String[0]));
    assertEquals(Limits.TEXT_KEYS, answers.pairs().size());
    assertTrue(answers.encode().length < Limits.LOGIN_DATA_SEGMENT - 256);
  }

  @ParameterizedTest
  @EnumSource(TextKey.class)
  void everyKeyIsFoundByItsName(TextKey key) {
    assertEquals(key, TextKey.of(key.text()));
  }

  private static KeyValues answer(Phase phase, boolean discovery, String... offered)
      throws NegotiationException {
    List<KeyValues.Pair> answers = new ArrayList<>();
    new Negotiation().receive(KeyValues.of(offered), phase, discovery, answers);
    return Negotiation.answers(answers);
  }
}
