// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What is said of a program that fails. */
class ToolTest {

  @Test
  void aProgramThatFailsIsNamedWithoutItsClassPath() {
    IOException failed =
        assertThrows(
            IOException.class,
            () ->
                Tool.run(
                    BenchLimits.COMMAND,
                    "sh",
                    "-c",
                    "echo no such image; exit 3",
                    "-cp",
                    "one.jar:other.jar",
                    "Main"));

    assertEquals(
        "sh -c echo no such image; exit 3 -cp … Main ended with 3: no such image",
        failed.getMessage());
  }
}
