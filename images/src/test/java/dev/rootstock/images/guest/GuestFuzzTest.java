// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;

/** Any bytes as a disk: looking into them ends, and throws nothing. */
class GuestFuzzTest {
  private static final int LARGEST = 256 << 10;

  @FuzzTest(maxDuration = "10m")
  void anyDiskIsLookedInto(byte[] disk) {
    var _ = CloneCheck.of(GuestImage.disk(Arrays.copyOf(disk, Math.min(disk.length, LARGEST))));
  }
}
