// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.ClientName;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * By what a choice of an image proves that it comes from a menu that we showed to that address for
 * the client's next boot: 128 bits of a keyed hash. So there is no list of menus that could grow,
 * and a token is worth nothing at another address, after the next boot has begun, or after a
 * restart of the server, which forgets the choices too.
 */
final class MenuTokens {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_BYTES = 32;
  private static final int PROOF_BYTES = 16;

  private final SecretKeySpec key;

  /** With a key that nobody else has. */
  MenuTokens() {
    byte[] bytes = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(bytes);
    key = new SecretKeySpec(bytes, ALGORITHM);
  }

  /**
   * The token of a menu.
   *
   * @param generation the boot that the client has had until now
   * @param address where the menu is shown
   */
  String token(ClientName client, long generation, InetAddress address) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      String text =
          "rootstock menu 1\n%s\n%d\n%s".formatted(client, generation, address.getHostAddress());
      byte[] hash = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(Arrays.copyOf(hash, PROOF_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA-256", e);
    }
  }

  /** Whether a text is that token; the time it takes does not tell how near. */
  boolean proves(String text, ClientName client, long generation, InetAddress address) {
    return MessageDigest.isEqual(
        text.getBytes(StandardCharsets.UTF_8),
        token(client, generation, address).getBytes(StandardCharsets.UTF_8));
  }
}
