// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.text.BinaryValue;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Limits;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The target's side of one exchange of CHAP (RFC 7143 §12.1.3), in two steps, each of which happens
 * at most once.
 *
 * <p>What it guards against (§9.2.1): a challenge of ours that comes back, on this connection or on
 * another; a secret that is used in both directions; an initiator that leaves its response out and
 * hopes for ours. A name that nobody has is answered as a wrong secret is, after the same work.
 * Responses are compared in constant time. Keys that break the form of a step are the initiator's
 * errors, and only what is cryptographically wrong is an authentication failure (§9.2).
 */
final class ChapExchange {
  private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3}");

  /** Stands in for the secret of a name that nobody has, so that both take the same way. */
  private static final ChapSecret DECOY = decoy();

  private final List<ChapAccount> accounts;
  private final Challenges challenges;
  private @Nullable Challenge ours;

  private static final class Challenge {
    private final ChapAlgorithm algorithm;
    private final int identifier;
    private final byte[] bytes;

    Challenge(ChapAlgorithm algorithm, int identifier, byte[] bytes) {
      this.algorithm = algorithm;
      this.identifier = identifier;
      this.bytes = bytes;
    }

    byte[] response(ChapSecret secret) {
      return algorithm.response(identifier, secret, bytes);
    }
  }

  ChapExchange(List<ChapAccount> accounts, Challenges challenges) {
    this.accounts = accounts;
    this.challenges = challenges;
  }

  /** The first step: the first algorithm of the initiator's list that we have, and a challenge. */
  List<KeyValues.Pair> challenge(Map<TextKey, String> offered) throws LoginFailure {
    only(offered, TextKey.CHAP_A);
    String list = required(offered, TextKey.CHAP_A);
    ChapAlgorithm algorithm = choose(list);
    Challenge challenge =
        new Challenge(algorithm, challenges.identifier(), challenges.issue(algorithm.bytes()));
    ours = challenge;
    return List.of(
        pair(TextKey.CHAP_A, Integer.toString(algorithm.number())),
        pair(TextKey.CHAP_I, Integer.toString(challenge.identifier)),
        pair(TextKey.CHAP_C, BinaryValue.encode(challenge.bytes)));
  }

  private static ChapAlgorithm choose(String list) throws LoginFailure {
    for (String each : list.split(",", -1)) {
      // §6.2.1: what we do not understand of a list is passed over.
      Optional<ChapAlgorithm> known =
          NUMBER.matcher(each).matches()
              ? ChapAlgorithm.of(Integer.decode(plain(each)))
              : Optional.empty();
      if (known.isPresent()) {
        return known.get();
      }
    }
    throw new LoginFailure(
        LoginStatus.AUTHENTICATION_FAILURE, "CHAP_A: no algorithm that we have is offered");
  }

  /** Without leading zeros, which {@link Integer#decode} would take for octal digits. */
  private static String plain(String number) {
    return number.length() > 1 && number.matches("[0-9]+")
        ? Integer.toString(Integer.parseInt(number))
        : number;
  }

  /**
   * The second step: checks the initiator's response, and answers its challenge if it has sent one.
   *
   * @param answers takes the keys of the answer, if there are any
   * @return the account of the initiator, which has proved itself
   */
  ChapAccount verify(Map<TextKey, String> offered, List<KeyValues.Pair> answers)
      throws LoginFailure {
    Challenge challenge = ours;
    if (challenge == null) {
      throw new IllegalStateException("no challenge was sent");
    }
    only(offered, TextKey.CHAP_N, TextKey.CHAP_R, TextKey.CHAP_I, TextKey.CHAP_C);
    String name = required(offered, TextKey.CHAP_N);
    byte[] response = binary(offered, TextKey.CHAP_R);
    Challenge theirs = theirs(offered, challenge.algorithm);
    ChapAccount account = check(challenge, name, response);
    if (theirs != null) {
      answers.addAll(answer(account, theirs));
    }
    return account;
  }

  private @Nullable Challenge theirs(Map<TextKey, String> offered, ChapAlgorithm algorithm)
      throws LoginFailure {
    if (!offered.containsKey(TextKey.CHAP_I) && !offered.containsKey(TextKey.CHAP_C)) {
      return null;
    }
    String identifier = required(offered, TextKey.CHAP_I);
    byte[] bytes = binary(offered, TextKey.CHAP_C);
    if (!NUMBER.matcher(identifier).matches() || Integer.decode(plain(identifier)) > 255) {
      throw wrong(TextKey.CHAP_I, "not a number of 0 to 255");
    }
    // §9.2.1: responders have to look for a challenge of their own that comes back.
    if (challenges.isOpen(bytes)) {
      throw new LoginFailure(
          LoginStatus.AUTHENTICATION_FAILURE, "CHAP_C is a challenge of ours, reflected");
    }
    return new Challenge(algorithm, Integer.decode(plain(identifier)), bytes);
  }

  private ChapAccount check(Challenge challenge, String name, byte[] response) throws LoginFailure {
    ChapAccount found = null;
    for (ChapAccount each : accounts) {
      if (each.initiator().name().equals(name)) {
        found = each;
      }
    }
    byte[] right = challenge.response(found == null ? DECOY : found.initiator().secret());
    boolean same = MessageDigest.isEqual(right, response);
    if (found == null || !same) {
      throw new LoginFailure(
          LoginStatus.AUTHENTICATION_FAILURE,
          found == null ? "CHAP_N is no name that may log in here" : "CHAP_R is wrong");
    }
    ChapCredentials target = found.target();
    // Accounts cannot be made so, and the wire is checked even so (§9.2.1).
    if (target != null && MessageDigest.isEqual(challenge.response(target.secret()), response)) {
      throw new LoginFailure(
          LoginStatus.AUTHENTICATION_FAILURE, "CHAP_R was made with our own secret");
    }
    return found;
  }

  private static List<KeyValues.Pair> answer(ChapAccount account, Challenge theirs)
      throws LoginFailure {
    ChapCredentials target = account.target();
    if (target == null) {
      throw new LoginFailure(
          LoginStatus.AUTHENTICATION_FAILURE,
          "the initiator asks the target to prove itself, and there is no secret for that");
    }
    return List.of(
        pair(TextKey.CHAP_N, target.name()),
        pair(TextKey.CHAP_R, BinaryValue.encode(theirs.response(target.secret()))));
  }

  /** The login is over. */
  void end() {
    Challenge challenge = ours;
    if (challenge != null) {
      challenges.close(challenge.bytes);
    }
  }

  private static void only(Map<TextKey, String> offered, TextKey... keys) throws LoginFailure {
    for (TextKey key : offered.keySet()) {
      if (key.text().startsWith("CHAP_") && !List.of(keys).contains(key)) {
        throw wrong(key, "out of turn");
      }
    }
  }

  private static String required(Map<TextKey, String> offered, TextKey key) throws LoginFailure {
    String value = offered.get(key);
    if (value == null) {
      throw new LoginFailure(LoginStatus.MISSING_PARAMETER, "no " + key.text());
    }
    return value;
  }

  private static byte[] binary(Map<TextKey, String> offered, TextKey key) throws LoginFailure {
    try {
      return BinaryValue.decode(required(offered, key), Limits.CHAP_VALUE_BYTES);
    } catch (NegotiationException e) {
      throw wrong(key, String.valueOf(e.getMessage()));
    }
  }

  private static LoginFailure wrong(TextKey key, String what) {
    return new LoginFailure(LoginStatus.INITIATOR_ERROR, key.text() + ": " + what);
  }

  private static KeyValues.Pair pair(TextKey key, String value) {
    return new KeyValues.Pair(key.text(), value);
  }

  private static ChapSecret decoy() {
    byte[] bytes = new byte[16];
    new SecureRandom().nextBytes(bytes);
    return new ChapSecret(bytes);
  }
}
