// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The control socket's protocol: lines of JSON. The client sends one request, {@code {"operation":
 * NAME, "arguments": {…}}}. The server answers with any number of {@code {"progress": {"done":
 * BYTES, "total": BYTES}}}, then with {@code {"result": …}} or {@code {"refused": TEXT}}, and
 * closes.
 */
final class Lines {
  /** A message about a wrong line does not show it: it may hold a secret. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();

  private Lines() {}

  static void write(OutputStream out, JsonNode node) throws IOException {
    out.write((JSON.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** The next line, or null where the other end has closed. */
  static @Nullable JsonNode read(InputStream in, int most) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        if (line.size() == 0) {
          return null;
        }
        throw new IOException("the connection ended within a line");
      }
      if (line.size() == most) {
        throw new IOException("a line of more than %d bytes".formatted(most));
      }
      line.write(b);
    }
    return JSON.readTree(line.toByteArray());
  }
}
