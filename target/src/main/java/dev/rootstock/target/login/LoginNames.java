// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.text.IscsiName;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.TextKey;
import java.util.Optional;

/**
 * Who logs in to what: the keys that the first text has to hold (RFC 7143 §6.3, §13.4, §13.5,
 * §13.21).
 *
 * @param initiator the InitiatorName, normalised
 * @param target the TargetName, normalised; empty for a discovery session that names none
 */
record LoginNames(String initiator, String target, boolean discovery) {

  /** Before the first text is whole. */
  static final LoginNames UNKNOWN = new LoginNames("", "", false);

  /** Whether a text asks for a discovery session, which decides how its other keys are read. */
  static boolean offersDiscovery(KeyValues offered) {
    return offered.pairs().contains(new KeyValues.Pair(TextKey.SESSION_TYPE.text(), "Discovery"));
  }

  /** Takes the names out of what the first text has declared. */
  static LoginNames of(Negotiation negotiation, boolean discovery) throws LoginFailure {
    String type = negotiation.text(TextKey.SESSION_TYPE);
    if (!discovery && !type.equals("Normal")) {
      throw new LoginFailure(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "a session type that is none");
    }
    String initiator = name(negotiation, TextKey.INITIATOR_NAME);
    boolean named = !discovery || negotiation.has(TextKey.TARGET_NAME);
    return new LoginNames(
        initiator, named ? name(negotiation, TextKey.TARGET_NAME) : "", discovery);
  }

  private static String name(Negotiation negotiation, TextKey key) throws LoginFailure {
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

  /** §6.3: they belong into the first text, and decide over all that follows. */
  static void refuseLater(KeyValues offered) throws LoginFailure {
    for (KeyValues.Pair pair : offered.pairs()) {
      if (pair.key().equals(TextKey.SESSION_TYPE.text())
          || pair.key().equals(TextKey.TARGET_NAME.text())) {
        throw new LoginFailure(
            LoginStatus.INITIATOR_ERROR, pair.key() + " comes after the first text");
      }
    }
  }
}
