// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The description beside a version's raw file, {@code <version>.info}: a line for the format, then
 * a key and a value a line. Keys that we do not know are passed over.
 */
final class Sidecar {
  private static final String FORMAT = "rootstock-image 1";
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private Sidecar() {}

  static byte[] encode(GoldenVersion version) {
    String text =
        "%s\nsize %d\nsha256 %s\nimported %s\n"
            .formatted(FORMAT, version.sizeBytes(), version.sha256(), version.imported());
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the description of a version.
   *
   * @throws IOException when the file cannot be read or is no such description
   */
  static GoldenVersion read(Path file, String name, int number) throws IOException {
    if (Files.size(file) > Limits.MAX_SIDECAR_BYTES) {
      throw new IOException(file + " is too long for an image's description");
    }
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.getFirst().equals(FORMAT)) {
      throw new IOException(file + ": line 1 is not \"" + FORMAT + "\"");
    }
    Map<String, String> values = new HashMap<>();
    for (String line : lines) {
      int space = line.indexOf(' ');
      if (space > 0) {
        values.put(line.substring(0, space), line.substring(space + 1));
      }
    }
    try {
      String sha256 = values.getOrDefault("sha256", "");
      long size = Long.parseLong(values.getOrDefault("size", ""));
      Instant imported = Instant.parse(values.getOrDefault("imported", ""));
      if (!SHA256.matcher(sha256).matches() || size <= 0 || size % 512 != 0) {
        throw new IOException(file + ": size or sha256 is missing or wrong");
      }
      return new GoldenVersion(name, number, size, sha256, imported);
    } catch (NumberFormatException | DateTimeException wrong) {
      throw new IOException(file + ": " + wrong.getMessage(), wrong);
    }
  }
}
