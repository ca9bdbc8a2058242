// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.control.ControlClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A storm against a service that runs already. */
class StormServiceTest {
  @TempDir private Path folder;

  @Test
  void anImageSmallerThanTheTracesDiskIsRefusedBeforeAnyClientIsMade() throws Exception {
    BootTrace trace =
        new BootTrace(
            "a test",
            2 << 20,
            List.of(new BootTrace.Operation(0, 1, BootTrace.Kind.READ, 4096, 512)));
    try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path file = folder.resolve("rootstock.yaml");
      Files.writeString(
          file,
          """
          data: %s
          iscsi: { listen: ["127.0.0.1:%d"] }
          """
              .formatted(folder.resolve("data"), listener.getLocalPort()));
      create(file, "small", 1 << 20);
      create(file, "enough", 2 << 20);

      IOException refused =
          assertThrows(IOException.class, () -> StormService.running(file, "small", trace));

      assertEquals(
          "the disk of small has 1,048,576 bytes, and the trace is of a machine whose disk had"
              + " 2,097,152: choose an image that is as large, or make one by 'rootstock image"
              + " create NAME --size 2097152'",
          refused.getMessage());
      StormService.running(file, "enough", trace).close();
    }
  }

  private static void create(Path file, String name, long bytes) throws Exception {
    ObjectNode arguments = JsonNodeFactory.instance.objectNode();
    arguments.put("name", name).put("sizeBytes", bytes);
    ControlClient.call(
        ConfigurationFile.load(file), "image create", arguments, (done, total) -> {});
  }
}
