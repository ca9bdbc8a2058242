// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapCredentials;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * By what a client proves itself, and the target to the client (RFC 7143 §12.1.3).
 *
 * @param client its name and secret, of one client only
 * @param target the target's name and secret towards this client; null where the client asks for no
 *     proof
 * @param handOut whether our DHCP server tells the client its own names and secrets, which then
 *     everybody on that network may read
 */
public record Chap(Pair client, @Nullable Pair target, boolean handOut) {
  private static final Pattern USER = Pattern.compile("[\\x21-\\x7E]{1,255}");

  /** The target's name in a proof, where nobody chose another. */
  public static final String TARGET_USER = "rootstock";

  /**
   * One side's proof.
   *
   * @param user CHAP_N: 1 to 255 printable ASCII characters without a space
   */
  public record Pair(String user, Secret secret) {
    public Pair {
      if (!USER.matcher(user).matches()) {
        throw new InvalidClientException(
            "'%s' is no CHAP name: write 1 to 255 printable ASCII characters without a space"
                .formatted(Text.shown(user)));
      }
    }

    ChapCredentials credentials() {
      return new ChapCredentials(user, secret.bytes());
    }
  }

  public Chap {
    // RFC 7143 §9.2.1
    if (target != null && target.secret().equals(client.secret())) {
      throw new InvalidClientException(
          "the secrets of both directions are the same: make another one for the target");
    }
  }

  /** The names that are the client's alone. */
  List<String> users() {
    return List.of(client.user());
  }

  /** The secrets of both directions. */
  List<Secret> secrets() {
    return target == null ? List.of(client.secret()) : List.of(client.secret(), target.secret());
  }

  /** As the target wants it. */
  public ChapAccount account() {
    return new ChapAccount(client.credentials(), target == null ? null : target.credentials());
  }
}
