// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be meant is refused before anything is started. */
class BootStormTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--clients 0",
        "--clients 4,",
        "--clients 1025",
        "--clients many",
        "--pace -1",
        "--pace fast",
        "--pace NaN",
        "--config rootstock.yaml",
        "--image golden",
        "--record boot.trace.gz --tgt",
        "--dhcp --machines 0",
        "--machines 5",
        "boot",
      })
  void wrongUsageEndsWithTwo(String arguments) {
    assertEquals(2, BootStorm.run(arguments.split(" ", -1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--trace no-such-file",
        "--config no-such-file --image golden",
      })
  void whatIsNotThereEndsWithOne(String arguments) {
    assertEquals(1, BootStorm.run(arguments.split(" ", -1)));
  }
}
