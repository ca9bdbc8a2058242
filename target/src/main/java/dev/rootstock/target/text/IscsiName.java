// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names of iSCSI nodes (RFC 7143 §4.2.7, RFC 3722). */
public final class IscsiName {
  private static final Pattern IQN = Pattern.compile("iqn\\.[0-9]{4}-[0-9]{2}\\.[^:].*");
  private static final Pattern EUI = Pattern.compile("eui\\.[0-9a-f]{16}");
  private static final Pattern NAA = Pattern.compile("naa\\.([0-9a-f]{16}|[0-9a-f]{32})");

  private IscsiName() {}

  /** The one form by which names are compared, or nothing when it is no name. */
  public static Optional<String> normalise(String name) {
    String normal = Normalizer.normalize(name, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    if (normal.getBytes(StandardCharsets.UTF_8).length > Limits.NAME_BYTES
        || !normal.codePoints().allMatch(IscsiName::allowed)) {
      return Optional.empty();
    }
    boolean valid =
        IQN.matcher(normal).matches()
            || EUI.matcher(normal).matches()
            || NAA.matcher(normal).matches();
    return valid ? Optional.of(normal) : Optional.empty();
  }

  /** RFC 3722 §6: letters, digits, and three signs; no white space, nothing invisible. */
  private static boolean allowed(int c) {
    return c == '-' || c == '.' || c == ':' || Character.isLetterOrDigit(c);
  }
}
