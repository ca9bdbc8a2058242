// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Somebody else's program, which judges our servers: run to its end, with all that it says. */
public final class ForeignProgram {
  private static final long PATIENCE_SECONDS = 60;

  private ForeignProgram() {}

  /**
   * How it ended.
   *
   * @param output of both its streams
   */
  public record Result(int exit, String output) {}

  /** Runs a program in a folder. */
  public static Result run(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process;
    try {
      process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new IOException(
          command[0] + " is not installed; './rootstock test' installs what the tests need", e);
    }
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(List.of(command) + " does not end: " + output);
    }
    return new Result(process.exitValue(), output);
  }
}
