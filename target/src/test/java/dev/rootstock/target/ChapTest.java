// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.initiator.ChapOptions;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginExchange;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.text.BinaryValue;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.wire.Limits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** CHAP over the wire (RFC 7143 §9.2, §12.1.3), and what policy learns of it. */
class ChapTest {
  static final ChapCredentials OWN = credentials("client-1", "a-secret-of-the-client");
  static final ChapCredentials TARGET = credentials("rootstock", "a-secret-of-the-target");
  private static final ChapAccount ONE_WAY = new ChapAccount(OWN, null);
  private static final ChapAccount MUTUAL = new ChapAccount(OWN, TARGET);

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);

  /** §12.1.3: both sides, by each digest. */
  @ParameterizedTest
  @EnumSource(ChapAlgorithm.class)
  void eachAlgorithmProvesBothSides(ChapAlgorithm algorithm) throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(MUTUAL));
      ChapOptions chap = ChapOptions.oneWay(OWN).withAlgorithms(algorithm).withTarget(TARGET);
      Initiator initiator = server.login(TestServer.options().withChap(chap));
      assertTrue(initiator.readBlocks(0, 0, 1).good());
      assertEquals("client-1", server.admission().requests().getFirst().identity());
    }
  }

  /** §11.13.5: 0201, before anybody is asked whether he may. */
  @Test
  void policyIsAskedBeforeAnythingIsDecided() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(ONE_WAY));
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, TestServer.options());
      assertEquals(List.of(), server.admission().requests());
      Admission.AuthenticationRequest asked = server.admission().authentications().getFirst();
      assertEquals(TestServer.INITIATOR, asked.initiatorName());
      assertEquals(OpenAdmission.TARGET, asked.targetName());
      assertEquals(server.address(), asked.portal());
    }
  }

  /** §12.1.3, §11.13.5: 0201. */
  @Test
  void aWrongSecretIsAnAuthenticationFailureThatEndsTheConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(ONE_WAY));
      ChapOptions wrong = ChapOptions.oneWay(credentials("client-1", "no-secret-of-the-client"));
      PduSocket socket = server.connect();
      LoginRefusedException e =
          assertThrows(
              LoginRefusedException.class,
              () -> Initiator.login(socket, TestServer.options().withChap(wrong)));
      assertEquals(LoginStatus.AUTHENTICATION_FAILURE.code(), e.status());
      assertTrue(socket.atEnd());
      assertEquals(List.of(), server.admission().requests());
    }
  }

  /** §12.1: an initiator that would prove itself to a target that asks nobody. */
  @Test
  void noneIsChosenWherePolicyWantsNothing() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login(TestServer.options().withChap(ChapOptions.oneWay(OWN)));
      assertEquals("None", initiator.agreed().get("AuthMethod"));
      assertNull(server.admission().requests().getFirst().identity());
    }
  }

  /** §6.3.2: however long the secrets take, the exchange is the same. */
  @Test
  void secretsMayComeLaterAndFromAnotherThread() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      CompletableFuture<Authentication> secrets = new CompletableFuture<>();
      server.admission().ask(secrets);
      CompletableFuture<Initiator> login = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  login.complete(
                      server.login(TestServer.options().withChap(ChapOptions.oneWay(OWN))));
                } catch (IOException e) {
                  login.completeExceptionally(e);
                }
              });
      TestServer.await("the question", () -> !server.admission().authentications().isEmpty());
      secrets.complete(Authentication.required(ONE_WAY));
      assertTrue(TestServer.get(login).readBlocks(0, 0, 1).good());
    }
  }

  /** §11.13.5: 0300, our own failure. */
  @Test
  void secretsThatCannotBeHadAreATargetError() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(CompletableFuture.failedFuture(new IOException("no registry")));
      assertRefused(LoginStatus.TARGET_ERROR, server, TestServer.options());
    }
  }

  /** §11.13.5: 0301, which may be tried again. */
  @Test
  void secretsThatNeverComeEndTheLoginInTime() throws Exception {
    try (TestServer server = TestServer.of(Duration.ofMillis(200), disk)) {
      server.admission().ask(new CompletableFuture<>());
      assertEquals(
          LoginStatus.SERVICE_UNAVAILABLE.code(), server.refusal(TestServer.options()).status());
    }
  }

  /** §4.3, §6.3.2: a discovery session has its security stage as well. */
  @Test
  void aDiscoverySessionProvesItselfAndPolicyLearnsOfIt() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(MUTUAL));
      LoginOptions discovery = LoginOptions.discovery(TestServer.INITIATOR);
      assertRefused(LoginStatus.AUTHENTICATION_FAILURE, server, discovery);
      assertNull(server.admission().authentications().getFirst().targetName());
      Initiator initiator =
          server.loginOnly(discovery.withChap(ChapOptions.oneWay(OWN).withTarget(TARGET)));
      assertEquals(1, initiator.sendTargets("All").size());
      assertEquals("client-1", server.admission().discoveries().getFirst().identity());
    }
  }

  /** §12.1.3: each login has its own challenge; nothing of one counts for another. */
  @Test
  void anotherConnectionsResponseIsWrong() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(ONE_WAY));
      LoginExchange[] logins = new LoginExchange[2];
      for (int i = 0; i < logins.length; i++) {
        logins[i] = new LoginExchange(server.connect(), TestServer.options());
        challenged(logins[i]);
      }
      String challenge = logins[0].answered().getOrDefault("CHAP_C", "");
      assertTrue(!challenge.equals(logins[1].answered().get("CHAP_C")));
      byte[] response =
          ChapAlgorithm.MD5.response(
              Integer.parseInt(logins[0].answered().getOrDefault("CHAP_I", "")),
              OWN.secret(),
              BinaryValue.decode(challenge, 16));
      List<KeyValues.Pair> proof =
          KeyValues.of("CHAP_N", OWN.name(), "CHAP_R", BinaryValue.encode(response)).pairs();
      LoginRefusedException e =
          assertThrows(LoginRefusedException.class, () -> leaveSecurity(logins[1], proof));
      assertEquals(LoginStatus.AUTHENTICATION_FAILURE.code(), e.status());
      assertTrue(leaveSecurity(logins[0], proof).transit());
    }
  }

  /** §9.2.1: the challenge of one connection comes back on another, and that one is closed. */
  @Test
  void aReflectedChallengeEndsTheConnection() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(MUTUAL));
      LoginExchange first = new LoginExchange(server.connect(), TestServer.options());
      challenged(first);
      PduSocket socket = server.connect();
      LoginExchange second = new LoginExchange(socket, TestServer.options());
      challenged(second);
      List<KeyValues.Pair> keys =
          KeyValues.of(
                  "CHAP_N",
                  OWN.name(),
                  "CHAP_R",
                  "0x00",
                  "CHAP_I",
                  "1",
                  "CHAP_C",
                  first.answered().getOrDefault("CHAP_C", ""))
              .pairs();
      LoginRefusedException e =
          assertThrows(LoginRefusedException.class, () -> leaveSecurity(second, keys));
      assertEquals(LoginStatus.AUTHENTICATION_FAILURE.code(), e.status());
      assertTrue(socket.atEnd());
    }
  }

  /** §9.2: all connections of a session are authenticated alike. */
  @Test
  void aConnectionJoinsWithTheIdentityOfItsSessionOnly() throws Exception {
    ChapCredentials other = credentials("client-2", "a-secret-of-another-client");
    try (TestServer server = TestServer.of(disk)) {
      server
          .admission()
          .ask(new Authentication(true, List.of(ONE_WAY, new ChapAccount(other, null))));
      LoginOptions options =
          TestServer.options().with("MaxConnections", "4").withChap(ChapOptions.oneWay(OWN));
      Initiator first = server.login(options);
      Initiator second = server.join(first, 1);
      assertTrue(second.readBlocks(0, 0, 1).good());
      for (LoginOptions wrong :
          List.of(options.withChap(null), options.withChap(ChapOptions.oneWay(other)))) {
        LoginRefusedException e =
            assertThrows(
                LoginRefusedException.class,
                () -> Initiator.login(server.connect(), wrong, first.tsih(), 2));
        assertEquals(LoginStatus.AUTHENTICATION_FAILURE.code(), e.status());
      }
      assertTrue(first.readBlocks(0, 0, 1).good());
    }
  }

  /** §6.2: every text of the exchange may be cut anywhere. */
  @Test
  void textsMayBeCutAnywhere() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(ONE_WAY));
      LoginExchange login = new LoginExchange(server.connect(), TestServer.options());
      List<KeyValues.Pair> first = new ArrayList<>(login.names());
      first.add(new KeyValues.Pair("AuthMethod", "CHAP"));
      cut(login, first, 1, 13, 14, 40);
      assertEquals("CHAP", login.answered().get("AuthMethod"));
      cut(login, KeyValues.of("CHAP_A", "7,5").pairs(), 6);
      assertEquals("7", login.answered().get("CHAP_A"));
      byte[] response =
          ChapAlgorithm.SHA256.response(
              Integer.parseInt(login.answered().getOrDefault("CHAP_I", "")),
              OWN.secret(),
              BinaryValue.decode(login.answered().getOrDefault("CHAP_C", ""), 32));
      List<KeyValues.Pair> proof =
          KeyValues.of("CHAP_N", OWN.name(), "CHAP_R", BinaryValue.encode(response)).pairs();
      assertTrue(cut(login, proof, 3, 30, 31).transit());
    }
  }

  /** Sends a text in parts that end at the cuts, each of which has an empty answer. */
  private static LoginResponse cut(LoginExchange login, List<KeyValues.Pair> keys, int... cuts)
      throws IOException {
    byte[] text = new KeyValues(keys).encode();
    int from = 0;
    for (int cut : cuts) {
      LoginResponse empty = login.part(LoginExchange.SECURITY, Arrays.copyOfRange(text, from, cut));
      assertEquals(0, empty.data().readableBytes());
      from = cut;
    }
    return login.leaveRaw(
        LoginExchange.SECURITY,
        LoginExchange.OPERATIONAL,
        Arrays.copyOfRange(text, from, text.length));
  }

  /** §6.2: the number of exchanges is bounded. */
  @Test
  void aSecurityStageThatGoesOnForEverIsRefused() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      server.admission().ask(Authentication.required(ONE_WAY));
      LoginExchange login = new LoginExchange(server.connect(), TestServer.options());
      login.stay(LoginExchange.SECURITY, login.names());
      LoginRefusedException e =
          assertThrows(
              LoginRefusedException.class,
              () -> {
                for (int i = 0; i < Limits.LOGIN_EXCHANGES; i++) {
                  login.stay(LoginExchange.SECURITY, List.of());
                }
              });
      assertEquals(LoginStatus.INITIATOR_ERROR.code(), e.status());
    }
  }

  private static void challenged(LoginExchange login) throws IOException {
    List<KeyValues.Pair> first = new ArrayList<>(login.names());
    first.add(new KeyValues.Pair("AuthMethod", "CHAP"));
    first.add(new KeyValues.Pair("CHAP_A", "5"));
    leaveSecurity(login, first);
  }

  private static LoginResponse leaveSecurity(LoginExchange login, List<KeyValues.Pair> keys)
      throws IOException {
    return login.leave(LoginExchange.SECURITY, LoginExchange.OPERATIONAL, keys);
  }

  private static void assertRefused(LoginStatus status, TestServer server, LoginOptions options) {
    LoginRefusedException e =
        assertThrows(LoginRefusedException.class, () -> server.loginOnly(options));
    assertEquals(Integer.toHexString(status.code()), Integer.toHexString(e.status()));
  }

  private static ChapCredentials credentials(String name, String secret) {
    return new ChapCredentials(name, new ChapSecret(secret.getBytes(US_ASCII)));
  }
}
