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
import org.jspecify.annotations.Nullable;

/**
 * The description beside a version's file, {@code <version>.info}: a line for the format, then a
 * key and a value a line. Keys that we do not know are passed over; those that the first Rootstock
 * did not write ({@code format}, {@code origin}, {@code pieces}) may be missing.
 */
final class Sidecar {
  private static final String FORMAT = "rootstock-image 1";
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private Sidecar() {}

  static byte[] encode(GoldenVersion version) {
    String text =
        "%s\nsize %d\nsha256 %s\nimported %s\nformat %s\norigin %s\n"
            .formatted(
                FORMAT,
                version.sizeBytes(),
                version.sha256(),
                version.imported(),
                version.format().text(),
                shown(version.origin()));
    if (version.pieces() != null) {
      text += "pieces " + version.pieces() + "\n";
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A file's name may hold anything; here it has one line. */
  private static String shown(String origin) {
    String line = origin.replaceAll("\\p{Cntrl}", "?");
    return line.length() > 255 ? line.substring(0, 255) : line;
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
      @Nullable String pieces = values.get("pieces");
      long size = Long.parseLong(values.getOrDefault("size", ""));
      Instant imported = Instant.parse(values.getOrDefault("imported", ""));
      if (!SHA256.matcher(sha256).matches() || size <= 0 || size % 512 != 0) {
        throw new IOException(file + ": size or sha256 is missing or wrong");
      }
      if (pieces != null && !SHA256.matcher(pieces).matches()) {
        throw new IOException(file + ": pieces is wrong");
      }
      SourceFormat format =
          switch (values.getOrDefault("format", "raw")) {
            case "raw" -> SourceFormat.RAW;
            case "qcow2" -> SourceFormat.QCOW2;
            default -> throw new IOException(file + ": format is neither raw nor qcow2");
          };
      String origin = values.getOrDefault("origin", "");
      return new GoldenVersion(name, number, size, sha256, imported, format, origin, pieces);
    } catch (NumberFormatException | DateTimeException wrong) {
      throw new IOException(file + ": " + wrong.getMessage(), wrong);
    }
  }
}
