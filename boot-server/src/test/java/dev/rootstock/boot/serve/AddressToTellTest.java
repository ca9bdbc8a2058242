// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.control.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is configured starts, or the start says why it cannot. */
class AddressToTellTest {
  private static final String HTTP = "http: {listen: [\"127.0.0.1:0\"]}";

  @TempDir Path folder;

  private Configuration configured(String more) throws Exception {
    String own = "data: data\niscsi: {listen: [\"127.0.0.1:0\"]}\n";
    return ConfigurationFile.load(Files.writeString(folder.resolve("rootstock.yaml"), own + more));
  }

  @ParameterizedTest
  @ValueSource(strings = {HTTP, "tftp: {enabled: true}", "isns: {enabled: true}"})
  void whatTellsClientsAnAddressIsRefusedWithoutOne(String section) throws Exception {
    Configuration configuration = configured(section);
    String message =
        String.valueOf(
            assertThrows(RefusedException.class, () -> Server.start(configuration).close())
                .getMessage());
    String name = section.substring(0, section.indexOf(':'));
    assertTrue(message.toLowerCase(Locale.ROOT).contains(name), message);
    assertTrue(message.contains("configure 'server'"), message);
    assertFalse(Files.exists(folder.resolve("data")), "nothing is made for a start that fails");
  }

  @Test
  void httpListensWhereTheAddressIsKnown() throws Exception {
    try (Server server = Server.start(configured("server: 127.0.0.1\n" + HTTP))) {
      assertTrue(
          server.ready().stream().anyMatch(line -> line.startsWith("ready http 127.0.0.1:")),
          server.ready().toString());
    }
  }
}
