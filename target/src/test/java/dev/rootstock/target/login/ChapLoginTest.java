// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.text.BinaryValue;
import dev.rootstock.target.text.KeyValues;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The security stage, key by key (RFC 7143 §6.3.2, §9.2, §12.1, §12.1.3). */
class ChapLoginTest {
  private static final int SECURITY = 0;
  private static final int OPERATIONAL = 1;
  private static final int FULL_FEATURE = 3;
  private static final String NAMES =
      "InitiatorName=iqn.2001-04.com.example:host\0TargetName=iqn.2001-04.com.example:disk\0";
  private static final ChapCredentials OWN = credentials("c1", "the client's secret");
  private static final ChapCredentials TARGET = credentials("rootstock", "the target's secret");
  private static final Authentication ONE_WAY = Authentication.required(new ChapAccount(OWN, null));
  private static final Authentication MUTUAL =
      Authentication.required(new ChapAccount(OWN, TARGET));

  private final Challenges challenges = new Challenges();

  /** One connection's login. */
  private final class Peer {
    final LoginPhase phase = new LoginPhase(1, (tsih, key) -> null, challenges);
    private final Authentication policy;
    Map<String, String> answers = Map.of();

    Peer(Authentication policy) {
      this.policy = policy;
    }

    LoginPhase.Step step(int current, int next, String text) {
      LoginPhase.Step step = phase.step(request(current, next, text));
      return step instanceof LoginPhase.Identify ? phase.authenticate(policy) : step;
    }

    LoginResponse answer(String text) throws Exception {
      LoginResponse response =
          assertInstanceOf(LoginPhase.Answer.class, step(SECURITY, OPERATIONAL, text)).response();
      byte[] bytes = new byte[response.data().readableBytes()];
      response.data().getBytes(0, bytes);
      answers = new LinkedHashMap<>();
      for (KeyValues.Pair pair : KeyValues.parse(bytes).pairs()) {
        answers.put(pair.key(), pair.value());
      }
      return response;
    }

    /** Up to the target's challenge. */
    Peer challenged(ChapAlgorithm algorithm) throws Exception {
      answer(NAMES + "AuthMethod=CHAP,None\0");
      LoginResponse response = answer("CHAP_A=" + algorithm.number() + "\0");
      assertFalse(response.transit());
      return this;
    }

    byte[] challenge() throws Exception {
      return BinaryValue.decode(answers.getOrDefault("CHAP_C", ""), 1024);
    }

    byte[] response(ChapSecret secret) throws Exception {
      ChapAlgorithm algorithm =
          ChapAlgorithm.of(Integer.parseInt(answers.getOrDefault("CHAP_A", ""))).orElseThrow();
      int identifier = Integer.parseInt(answers.getOrDefault("CHAP_I", ""));
      return algorithm.response(identifier, secret, challenge());
    }

    String proof() throws Exception {
      return "CHAP_N=c1\0CHAP_R=" + BinaryValue.encode(response(OWN.secret())) + "\0";
    }
  }

  /** §12.1.3: a challenge as long as the digest, and a proof by it. */
  @ParameterizedTest
  @EnumSource(ChapAlgorithm.class)
  void theRightSecretLetsInByEachAlgorithm(ChapAlgorithm algorithm) throws Exception {
    Peer peer = new Peer(ONE_WAY).challenged(algorithm);
    assertEquals(Integer.toString(algorithm.number()), peer.answers.get("CHAP_A"));
    assertEquals(algorithm.bytes(), peer.challenge().length);
    LoginResponse last = peer.answer(peer.proof());
    assertTrue(last.transit());
    assertEquals(OPERATIONAL, last.nextStage());
    assertEquals(Map.of(), peer.answers);
    assertEquals("c1", peer.phase.identity());
  }

  /** §12.1.3: A, I, C in this order, and nothing before the method is chosen. */
  @Test
  void theStepsAreThoseOfTheStandard() throws Exception {
    Peer peer = new Peer(MUTUAL);
    LoginResponse first = peer.answer(NAMES + "AuthMethod=CHAP,None\0");
    assertFalse(first.transit());
    assertEquals(Map.of("AuthMethod", "CHAP", "TargetPortalGroupTag", "1"), peer.answers);
    LoginResponse second = peer.answer("CHAP_A=5\0");
    assertFalse(second.transit());
    assertEquals("[CHAP_A, CHAP_I, CHAP_C]", peer.answers.keySet().toString());
    assertNull(peer.phase.identity());
    peer.answer(peer.proof() + "CHAP_I=7\0CHAP_C=0x000102030405060708090a0b0c0d0e0f\0");
    assertEquals("rootstock", peer.answers.get("CHAP_N"));
    byte[] theirs = new byte[16];
    for (int i = 0; i < theirs.length; i++) {
      theirs[i] = (byte) i;
    }
    assertArrayEquals(
        ChapAlgorithm.MD5.response(7, TARGET.secret(), theirs),
        BinaryValue.decode(peer.answers.getOrDefault("CHAP_R", ""), 16));
  }

  /** §6.2.1: the first of the list that we have; what we do not know is passed over. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"7,5|7", "5,7|5", "8,6|8", "9,250,frog,6,5|6", "0x5|5", "129,05|5"})
  void theInitiatorsFirstAlgorithmIsTaken(String offered, String taken) throws Exception {
    Peer peer = new Peer(ONE_WAY);
    peer.answer(NAMES + "AuthMethod=CHAP\0");
    peer.answer("CHAP_A=" + offered + "\0");
    assertEquals(taken, peer.answers.get("CHAP_A"));
  }

  /** §6.3.2: in the initiator's order of preference. */
  @ParameterizedTest(name = "{0}, {1}: {2}")
  @CsvSource(
      nullValues = "-",
      value = {
        "anonymous, None, None",
        "anonymous, 'CHAP,None', None",
        "anonymous, 'KRB5,SRP,None', None",
        "anonymous, CHAP, -",
        "required, CHAP, CHAP",
        "required, 'None,CHAP', CHAP",
        "required, 'KRB5,CHAP,None', CHAP",
        "required, None, -",
        "required, KRB5, -",
        "required, Reject, -",
        "either, 'CHAP,None', CHAP",
        "either, 'None,CHAP', None",
        "nobody, 'CHAP,None', CHAP",
      })
  void theFirstMethodThatTheInitiatorMayUseIsTaken(String policy, String offered, String taken)
      throws Exception {
    ChapAccount account = new ChapAccount(OWN, null);
    Peer peer =
        new Peer(
            switch (policy) {
              case "anonymous" -> Authentication.NOT_NEEDED;
              case "required" -> Authentication.required(account);
              case "either" -> new Authentication(true, List.of(account));
              default -> Authentication.NOBODY;
            });
    String text = NAMES + "AuthMethod=" + offered + "\0";
    if (taken == null) {
      assertStatus(LoginStatus.AUTHENTICATION_FAILURE, peer.step(SECURITY, OPERATIONAL, text));
      return;
    }
    LoginResponse response = peer.answer(text);
    assertEquals(taken, peer.answers.get("AuthMethod"));
    assertEquals(taken.equals("None"), response.transit());
  }

  /** §6.3.1: a target that wants a proof refuses a login that passes the stage by. */
  @Test
  void aLoginThatBeginsAfterTheSecurityStageIsRefused() {
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        new Peer(ONE_WAY).step(OPERATIONAL, FULL_FEATURE, NAMES));
  }

  /** §6.3.2, Appendix B: an initiator without a proposal is led by the target. */
  @Test
  void anInitiatorThatProposesNothingIsLedToChap() throws Exception {
    Peer peer = new Peer(ONE_WAY);
    assertFalse(peer.answer(NAMES).transit());
    assertEquals("CHAP", peer.answers.get("AuthMethod"));
    assertFalse(peer.answer("AuthMethod=CHAP\0CHAP_A=7,5\0").transit());
    assertFalse(peer.answers.containsKey("AuthMethod"));
    assertTrue(peer.answer(peer.proof()).transit());
  }

  /** §12.1: the first key of the method comes with the choice. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|MISSING_PARAMETER",
        "AuthMethod=None|AUTHENTICATION_FAILURE",
        "AuthMethod=CHAP|MISSING_PARAMETER",
        "CHAP_A=5|INITIATOR_ERROR",
      })
  void anInitiatorThatIsLedHasToFollow(String keys, LoginStatus status) throws Exception {
    Peer peer = new Peer(ONE_WAY);
    peer.answer(NAMES);
    assertStatus(status, peer.step(SECURITY, OPERATIONAL, keys.isEmpty() ? "" : keys + "\0"));
  }

  /** §12.1: the initiator's first step may come with a method that can only be that one. */
  @Test
  void algorithmsMayComeWithTheMethod() throws Exception {
    Peer peer = new Peer(ONE_WAY);
    peer.answer(NAMES + "AuthMethod=CHAP\0CHAP_A=5\0");
    assertEquals("CHAP", peer.answers.get("AuthMethod"));
    assertTrue(peer.answer(peer.proof()).transit());
  }

  /** §6.2: keys that a choice makes irrelevant. */
  @Test
  void algorithmsAreIrrelevantWhereNoneIsChosen() throws Exception {
    Peer peer = new Peer(Authentication.NOT_NEEDED);
    peer.answer(NAMES + "AuthMethod=CHAP,None\0CHAP_A=5\0");
    assertEquals("None", peer.answers.get("AuthMethod"));
    assertEquals("Irrelevant", peer.answers.get("CHAP_A"));
  }

  /** §9.2: what breaks the form of a step, and what is cryptographically wrong. */
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "MISSING_PARAMETER, ''",
    "MISSING_PARAMETER, CHAP_N=c1",
    "MISSING_PARAMETER, CHAP_R=0x00",
    "MISSING_PARAMETER, CHAP_N=c1;CHAP_I=1;CHAP_C=0x00112233445566778899aabbccddeeff",
    "MISSING_PARAMETER, CHAP_N=c1;CHAP_R=0x00;CHAP_I=1",
    "MISSING_PARAMETER, CHAP_N=c1;CHAP_R=0x00;CHAP_C=0x00112233445566778899aabbccddeeff",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=frog",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x00;CHAP_I=256;CHAP_C=0x00",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x00;CHAP_I=-1;CHAP_C=0x00",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x00;CHAP_I=1;CHAP_C=0x",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x00;CHAP_A=5",
    "AUTHENTICATION_FAILURE, CHAP_N=c1;CHAP_R=0x00",
    "AUTHENTICATION_FAILURE, CHAP_N=c1;CHAP_R=0x00000000000000000000000000000000",
    "AUTHENTICATION_FAILURE, CHAP_N=c2;CHAP_R=0x00000000000000000000000000000000",
  })
  void wrongResponses(LoginStatus status, String keys) throws Exception {
    Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String text = keys.isEmpty() ? "" : keys.replace(';', '\0') + "\0";
    assertStatus(status, peer.step(SECURITY, OPERATIONAL, text));
  }

  /** §12.1.3: CHAP_A and nothing else. */
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "MISSING_PARAMETER, ''",
    "AUTHENTICATION_FAILURE, CHAP_A=9",
    "AUTHENTICATION_FAILURE, CHAP_A=",
    "INITIATOR_ERROR, CHAP_A=5;CHAP_N=c1",
    "MISSING_PARAMETER, InitiatorAlias=x",
    "INITIATOR_ERROR, CHAP_N=c1;CHAP_R=0x00",
    "INITIATOR_ERROR, AuthMethod=None",
  })
  void wrongKeysInThePlaceOfAlgorithms(LoginStatus status, String keys) throws Exception {
    Peer peer = new Peer(ONE_WAY);
    peer.answer(NAMES + "AuthMethod=CHAP\0");
    String text = keys.isEmpty() ? "" : keys.replace(';', '\0') + "\0";
    assertStatus(status, peer.step(SECURITY, OPERATIONAL, text));
  }

  /** §12.1.3: 1024 bytes at most, whatever their encoding. */
  @Test
  void aChallengeMayHave1024BytesAndNoMore() throws Exception {
    Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String longest = "0b" + Base64.getEncoder().encodeToString(new byte[1024]);
    peer.answer(peer.proof() + "CHAP_I=0\0CHAP_C=" + longest + "\0");
    assertTrue(peer.answers.containsKey("CHAP_R"));
    Peer other = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String longer = "0b" + Base64.getEncoder().encodeToString(new byte[1025]);
    assertStatus(
        LoginStatus.INITIATOR_ERROR,
        other.step(SECURITY, OPERATIONAL, other.proof() + "CHAP_I=0\0CHAP_C=" + longer + "\0"));
  }

  /** §6.1: a response may come in base64. */
  @Test
  void aResponseInBase64IsRead() throws Exception {
    Peer peer = new Peer(ONE_WAY).challenged(ChapAlgorithm.SHA256);
    String response = Base64.getEncoder().encodeToString(peer.response(OWN.secret()));
    assertTrue(peer.answer("CHAP_N=c1\0CHAP_R=0b" + response + "\0").transit());
  }

  /** §9.2.1: our own challenge, sent back on the same connection. */
  @Test
  void aChallengeThatIsReflectedIsRefused() throws Exception {
    Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String reflected =
        "CHAP_I=" + peer.answers.get("CHAP_I") + "\0CHAP_C=" + peer.answers.get("CHAP_C") + "\0";
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        peer.step(SECURITY, OPERATIONAL, peer.proof() + reflected));
  }

  /** §9.2.1, the attack of its example: the challenge of one connection on another. */
  @Test
  void aChallengeThatIsReflectedOnAnotherConnectionIsRefused() throws Exception {
    Peer first = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    Peer second = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String reflected = "CHAP_I=1\0CHAP_C=" + first.answers.get("CHAP_C") + "\0";
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        second.step(SECURITY, OPERATIONAL, second.proof() + reflected));
  }

  /** §9.2: to leave the response out does not bring ours. */
  @Test
  void aResponseThatIsLeftOutBringsNone() throws Exception {
    Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    LoginResponse refusal =
        assertStatus(
            LoginStatus.MISSING_PARAMETER,
            peer.step(
                SECURITY,
                OPERATIONAL,
                "CHAP_N=c1\0CHAP_I=1\0CHAP_C=0x00112233445566778899aabbccddeeff\0"));
    assertEquals(0, refusal.data().readableBytes());
  }

  /** §9.2.1: a response that we would have made ourselves. */
  @Test
  void aResponseByTheTargetsOwnSecretIsRefused() throws Exception {
    Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
    String response = BinaryValue.encode(peer.response(TARGET.secret()));
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        peer.step(SECURITY, OPERATIONAL, "CHAP_N=c1\0CHAP_R=" + response + "\0"));
  }

  /** §12.1.3: "or reply with"; there is nothing to reply with. */
  @Test
  void anInitiatorThatAsksForAProofThatThereIsNotIsRefused() throws Exception {
    Peer peer = new Peer(ONE_WAY).challenged(ChapAlgorithm.MD5);
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        peer.step(
            SECURITY,
            OPERATIONAL,
            peer.proof() + "CHAP_I=1\0CHAP_C=0x00112233445566778899aabbccddeeff\0"));
  }

  /** §12.1.3: one answer for both, which does not tell whether a name exists. */
  @Test
  void aNameThatNobodyHasIsAnsweredAsAWrongSecretIs() throws Exception {
    LoginResponse[] refusals = new LoginResponse[2];
    String[] names = {"c1", "nobody"};
    for (int i = 0; i < names.length; i++) {
      Peer peer = new Peer(MUTUAL).challenged(ChapAlgorithm.MD5);
      byte[] wrong = peer.response(credentials("c1", "another secret").secret());
      refusals[i] =
          assertStatus(
              LoginStatus.AUTHENTICATION_FAILURE,
              peer.step(
                  SECURITY,
                  OPERATIONAL,
                  "CHAP_N=" + names[i] + "\0CHAP_R=" + BinaryValue.encode(wrong) + "\0"));
    }
    assertEquals(refusals[0], refusals[1]);
  }

  /** §12.1.3: authentication failure. */
  @Test
  void whereNobodyMayLogInEverySecretIsWrong() throws Exception {
    Peer peer = new Peer(Authentication.NOBODY).challenged(ChapAlgorithm.MD5);
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE, peer.step(SECURITY, OPERATIONAL, peer.proof()));
  }

  /** §12.1.3: the name picks the account, and each has its own secret. */
  @Test
  void oneAccountsSecretIsNotAnothers() throws Exception {
    Authentication two =
        Authentication.required(
            new ChapAccount(OWN, null),
            new ChapAccount(credentials("c2", "the other client's secret"), null));
    Peer peer = new Peer(two).challenged(ChapAlgorithm.MD5);
    assertStatus(
        LoginStatus.AUTHENTICATION_FAILURE,
        peer.step(SECURITY, OPERATIONAL, peer.proof().replace("c1", "c2")));
    Peer own = new Peer(two).challenged(ChapAlgorithm.MD5);
    own.answer(own.proof());
    assertEquals("c1", own.phase.identity());
  }

  /** §6.3.2: not before the exchange is over, however the initiator asks. */
  @Test
  void theStageIsNotLeftBeforeTheProof() throws Exception {
    Peer peer = new Peer(ONE_WAY);
    peer.answer(NAMES + "AuthMethod=CHAP\0");
    assertStatus(LoginStatus.INITIATOR_ERROR, peer.step(OPERATIONAL, FULL_FEATURE, "CHAP_A=5\0"));
    Peer straight = new Peer(ONE_WAY);
    assertInstanceOf(
        LoginPhase.Answer.class,
        straight.step(SECURITY, FULL_FEATURE, NAMES + "AuthMethod=CHAP\0"));
    straight.answer("CHAP_A=5\0");
    assertInstanceOf(
        LoginPhase.Ready.class, straight.step(SECURITY, FULL_FEATURE, straight.proof()));
  }

  /** §12.1.3: the proof is the last step. */
  @Test
  void keysOfChapAfterTheProofAreRefused() throws Exception {
    Peer peer = new Peer(ONE_WAY).challenged(ChapAlgorithm.MD5);
    String proof = peer.proof();
    assertInstanceOf(LoginPhase.Answer.class, peer.step(SECURITY, -1, proof));
    assertStatus(
        LoginStatus.INITIATOR_ERROR, peer.step(SECURITY, OPERATIONAL, "CHAP_I=1\0CHAP_C=0x00\0"));
  }

  /** §9.2.1: challenges are compared as long as they live, and no longer. */
  @Test
  void challengesAreForgottenWithTheirLogin() throws Exception {
    Peer peer = new Peer(ONE_WAY).challenged(ChapAlgorithm.MD5);
    assertEquals(1, challenges.size());
    peer.phase.end();
    assertEquals(0, challenges.size());
  }

  private static LoginRequest request(int current, int next, String text) {
    return new LoginRequest(
        next >= 0,
        false,
        current,
        Math.max(next, 0),
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

  private static LoginResponse assertStatus(LoginStatus status, LoginPhase.Step step) {
    LoginPhase.Refusal refusal = assertInstanceOf(LoginPhase.Refusal.class, step);
    assertEquals(
        Integer.toHexString(status.code()),
        Integer.toHexString(refusal.response().status()),
        refusal.reason());
    return refusal.response();
  }

  private static ChapCredentials credentials(String name, String secret) {
    return new ChapCredentials(name, new ChapSecret(secret.getBytes(US_ASCII)));
  }
}
