// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU's image tools as judges. They are never left out: without them the test fails. */
public final class Qemu {
  private static final long PATIENCE_SECONDS = 120;

  /** How a tool ended. */
  public record Result(int exit, String output) {}

  private Qemu() {}

  /** Fails unless the overlay has no error and no leaked cluster. */
  public static void checkClean(Path overlay) throws IOException, InterruptedException {
    Result result = img("check", "-f", "qcow2", overlay.toString());
    if (result.exit != 0) {
      throw new AssertionError("qemu-img check: " + result.exit + "\n" + result.output);
    }
  }

  /** Fails unless the overlay has no error; leaked clusters (exit 3) are what a crash may leave. */
  public static void checkAtMostLeaks(Path overlay) throws IOException, InterruptedException {
    Result result = img("check", "-f", "qcow2", overlay.toString());
    if (result.exit != 0 && result.exit != 3) {
      throw new AssertionError("qemu-img check: " + result.exit + "\n" + result.output);
    }
  }

  /** Fails unless the overlay shows the same bytes as a raw file. */
  public static void compare(Path overlay, Path raw) throws IOException, InterruptedException {
    Result result = img("compare", "-f", "qcow2", "-F", "raw", overlay.toString(), raw.toString());
    if (result.exit != 0) {
      throw new AssertionError("qemu-img compare: " + result.exit + "\n" + result.output);
    }
  }

  public static Result img(String... arguments) throws IOException, InterruptedException {
    return run("qemu-img", "qemu-utils", arguments);
  }

  public static Result io(String... arguments) throws IOException, InterruptedException {
    return run("qemu-io", "qemu-utils", arguments);
  }

  private static Result run(String tool, String debianPackage, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(tool));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      throw new AssertionError(tool + " is missing: apt-get install -y " + debianPackage, missing);
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(command + " does not end");
    }
    return new Result(process.exitValue(), output);
  }
}
