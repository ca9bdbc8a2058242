// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.seed;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.InvalidClientException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What an administrator puts on a client's seed disk, beside the {@code meta-data} that are ours.
 *
 * @param files what stands in each file, in Base64, by one of {@link #FILES}
 * @param keys SSH public keys, one line each
 */
public record SeedContent(Map<String, String> files, List<String> keys) {
  /** The names that cloud-init's data source NoCloud reads. */
  public static final Set<String> FILES = Set.of("user-data", "vendor-data", "network-config");

  /** The OpenSSH form: a type, the key, and perhaps a comment. */
  private static final Pattern KEY =
      Pattern.compile("(?:ssh|ecdsa|sk)-[!-~]{1,64} [A-Za-z0-9+/=]{16,16000}(?: [ -~]{0,256})?");

  public SeedContent {
    files = Map.copyOf(files);
    keys = List.copyOf(keys);
    long bytes = 0;
    for (Map.Entry<String, String> file : files.entrySet()) {
      if (!FILES.contains(file.getKey())) {
        throw new InvalidClientException(
            "'%s' is no file of a seed disk: user-data, vendor-data and network-config are, and"
                    .formatted(file.getKey())
                + " meta-data is made by the server");
      }
      bytes += Base64.getDecoder().decode(file.getValue()).length;
    }
    for (String key : keys) {
      if (!KEY.matcher(key).matches()) {
        throw new InvalidClientException(
            "a line of the key file is no SSH public key: write it as 'ssh-keygen -y' prints it");
      }
      bytes += key.length();
    }
    if (bytes > Limits.SEED_BYTES) {
      throw new InvalidClientException(
          "%d bytes are too many for a seed disk: at most %d, keys included"
              .formatted(bytes, Limits.SEED_BYTES));
    }
  }

  /** The bytes of each file, in order of their names. */
  Map<String, byte[]> decoded() {
    Map<String, byte[]> decoded = new TreeMap<>();
    files.forEach((name, base64) -> decoded.put(name, Base64.getDecoder().decode(base64)));
    return decoded;
  }
}
