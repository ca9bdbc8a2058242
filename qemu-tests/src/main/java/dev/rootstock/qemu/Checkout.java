// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where this copy of Rootstock lies. */
final class Checkout {
  private Checkout() {}

  /** The top folder. */
  static Path home() throws IOException {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null) {
      if (Files.isExecutable(folder.resolve("rootstock"))
          && Files.exists(folder.resolve("pom.xml"))) {
        return folder;
      }
      folder = folder.getParent();
    }
    throw new IOException("this does not run inside of a checkout of Rootstock");
  }

  /** The launcher: what started us, else the one of the checkout that we run in. */
  static Path launcher() throws IOException {
    String launcher = System.getProperty("rootstock.launcher");
    return launcher != null ? Path.of(launcher) : home().resolve("rootstock");
  }

  /** A folder for what we make; Maven's own, so that {@code mvn clean} removes it. */
  static Path scratch(String name) throws IOException {
    return launcher().resolveSibling("qemu-tests/build").resolve(name).toAbsolutePath();
  }
}
