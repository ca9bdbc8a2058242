// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** How the image of the tests is made. */
class GoldenImageIT {
  @Test
  void theSamePackagesGiveTheSameBytes() throws Exception {
    Path again = Checkout.scratch("it").resolve("golden-again.raw");
    GoldenImageMaker.make(DebianPackages.inUserCache(), again);
    assertEquals(Checksum.of(Lab.golden()), Checksum.of(again));
    Files.delete(again);
  }
}
