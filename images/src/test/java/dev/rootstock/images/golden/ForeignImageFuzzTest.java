// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A stranger's qcow2 file: shown or refused with a reason, in bounded time and memory. */
class ForeignImageFuzzTest {

  /** Changes a whole file at random places: pure noise would never get past its header. */
  @FuzzTest(maxDuration = "2m")
  void damagedFileIsShownOrRefused(FuzzedDataProvider input) {
    ByteBuffer file = DamagedImageTest.whole();
    while (input.remainingBytes() > 0) {
      int at = input.consumeInt(0, file.limit() - 8);
      switch (input.consumeInt(0, 2)) {
        case 0 -> file.put(at, input.consumeByte());
        case 1 -> file.putInt(at & ~3, input.consumeInt());
        default -> file.putLong(at & ~7, input.consumeLong());
      }
    }
    showOrRefuse(file);
  }

  @FuzzTest(maxDuration = "2m")
  void anyBytesAreShownOrRefused(byte[] bytes) {
    showOrRefuse(ByteBuffer.wrap(bytes));
  }

  @FuzzTest(maxDuration = "2m")
  void compressedClusterIsUnpackedOrRefused(FuzzedDataProvider input) {
    Compression compression = input.pickValue(Compression.values());
    byte[] cluster = new byte[input.pickValue(new int[] {512, 65_536, 2 << 20})];
    try {
      assertTrue(compression.unpack(input.consumeRemainingAsBytes(), cluster) <= cluster.length);
    } catch (IOException refused) {
      assertNotNull(refused.getMessage());
    }
  }

  private static void showOrRefuse(ByteBuffer file) {
    try {
      DamagedImageTest.use(file);
    } catch (IOException refused) {
      assertNotNull(refused.getMessage());
    }
  }
}
