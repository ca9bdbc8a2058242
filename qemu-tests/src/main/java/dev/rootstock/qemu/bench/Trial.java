// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;

/** Something that can be measured again and again. */
@FunctionalInterface
interface Trial {

  /** Runs it once, for about so many seconds. */
  Sample run(int seconds) throws IOException, InterruptedException;
}
