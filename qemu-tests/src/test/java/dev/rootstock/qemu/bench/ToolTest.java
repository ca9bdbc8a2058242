// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is said of a program that fails, and what becomes of one whose bench is killed. */
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

  /** Stands for a bench: starts a server and waits, until it is killed. */
  static final class Parent {
    private Parent() {}

    public static void main(String[] args) throws Exception {
      System.out.println(new ProcessBuilder(Tool.tied("sleep", "60")).start().pid());
      Thread.sleep(60_000);
    }
  }

  @Test
  void aServerEndsWithTheBenchThatIsKilled() throws Exception {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process parent = new ProcessBuilder(java, "-cp", path, Parent.class.getName()).start();
    try {
      long pid = Long.parseLong(parent.inputReader().readLine());
      ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
      try {
        parent.destroyForcibly().waitFor();
        server.onExit().get(10, TimeUnit.SECONDS);
      } finally {
        server.destroyForcibly();
      }
    } finally {
      parent.destroyForcibly();
    }
  }
}
