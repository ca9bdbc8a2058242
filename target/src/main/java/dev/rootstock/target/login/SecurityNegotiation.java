// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.TextKey;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The SecurityNegotiation stage (RFC 7143 §6.3.2, §12.1): the method, and its exchange. Methods are
 * CHAP and None; which of them an initiator may use is policy's.
 */
final class SecurityNegotiation {
  private static final String CHAP = "CHAP";
  private static final String NONE = "None";

  private enum State {
    /** No method has been spoken of. */
    OPEN,
    /** We have proposed CHAP, because the initiator would leave the choice to us. */
    PROPOSED,
    /** CHAP it is; the algorithms come next. */
    CHOSEN,
    /** Our challenge is out. */
    CHALLENGED,
    /** The initiator may go on. */
    OVER
  }

  private final Authentication policy;
  private final ChapExchange chap;
  private State state = State.OPEN;
  private @Nullable String identity;

  SecurityNegotiation(Authentication policy, Challenges challenges) {
    this.policy = policy;
    this.chap = new ChapExchange(policy.accounts(), challenges);
  }

  /**
   * Takes the security keys of one text, and adds the answers to them.
   *
   * @param transit whether the initiator would leave the stage
   */
  void take(Map<TextKey, String> offered, boolean transit, List<KeyValues.Pair> answers)
      throws LoginFailure {
    switch (state) {
      case OPEN, PROPOSED -> {
        String methods = offered.get(TextKey.AUTH_METHOD);
        if (methods != null) {
          choose(methods, offered, answers);
        } else {
          withoutMethod(offered, transit, answers);
        }
      }
      case CHOSEN -> challenge(offered, answers);
      case CHALLENGED -> {
        identity = chap.verify(offered, answers).initiator().name();
        state = State.OVER;
      }
      case OVER -> nothingOfChap(offered);
    }
  }

  private void withoutMethod(
      Map<TextKey, String> offered, boolean transit, List<KeyValues.Pair> answers)
      throws LoginFailure {
    nothingOfChap(offered);
    if (policy.anonymous()) {
      return;
    }
    if (state == State.PROPOSED) {
      throw new LoginFailure(LoginStatus.MISSING_PARAMETER, "no AuthMethod in answer to ours");
    }
    if (transit) {
      // §6.3.2: an initiator that makes no proposal may be led by the target.
      state = State.PROPOSED;
      answers.add(method(CHAP));
    }
  }

  /** §6.2.1: the first of the initiator's list that it may use. */
  private void choose(String methods, Map<TextKey, String> offered, List<KeyValues.Pair> answers)
      throws LoginFailure {
    boolean ours = state == State.PROPOSED;
    for (String each : methods.split(",", -1)) {
      if (each.equals(NONE) && policy.anonymous()) {
        state = State.OVER;
        if (!ours) {
          answers.add(method(NONE));
        }
        irrelevant(offered, answers);
        return;
      }
      if (each.equals(CHAP) && policy.chap()) {
        state = State.CHOSEN;
        if (!ours) {
          answers.add(method(CHAP));
        }
        // §12.1: the first step may come with the offer, and has to come with an answer to ours.
        if (ours || offered.containsKey(TextKey.CHAP_A)) {
          challenge(offered, answers);
        } else {
          nothingOfChap(offered);
        }
        return;
      }
    }
    throw new LoginFailure(
        LoginStatus.AUTHENTICATION_FAILURE,
        policy.anonymous()
            ? "none of the offered methods is for this initiator"
            : "CHAP is asked for and not offered");
  }

  private void challenge(Map<TextKey, String> offered, List<KeyValues.Pair> answers)
      throws LoginFailure {
    answers.addAll(chap.challenge(offered));
    state = State.CHALLENGED;
  }

  /** Keys of CHAP that were offered in case it would be chosen (§6.2). */
  private static void irrelevant(Map<TextKey, String> offered, List<KeyValues.Pair> answers)
      throws LoginFailure {
    for (TextKey key : offered.keySet()) {
      if (key == TextKey.CHAP_A) {
        answers.add(new KeyValues.Pair(key.text(), "Irrelevant"));
      } else if (key != TextKey.AUTH_METHOD) {
        throw outOfTurn(key);
      }
    }
  }

  private static void nothingOfChap(Map<TextKey, String> offered) throws LoginFailure {
    for (TextKey key : offered.keySet()) {
      if (key != TextKey.AUTH_METHOD) {
        throw outOfTurn(key);
      }
    }
  }

  private static LoginFailure outOfTurn(TextKey key) {
    return new LoginFailure(LoginStatus.INITIATOR_ERROR, key.text() + ": out of turn");
  }

  private static KeyValues.Pair method(String name) {
    return new KeyValues.Pair(TextKey.AUTH_METHOD.text(), name);
  }

  /** Whether the initiator may leave the stage, or pass it by. */
  boolean mayLeave() {
    return state == State.OVER || (state == State.OPEN && policy.anonymous());
  }

  /** Whom the initiator has proved to be; null when it has not. */
  @Nullable String identity() {
    return identity;
  }

  /** The login is over. */
  void end() {
    chap.end();
  }
}
