// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;

/** Any datagram is a packet or is refused, and what is negotiated stays within its bounds. */
class TftpFuzzTest {

  @FuzzTest(maxDuration = "2m")
  void anyPacketIsReadOrRefused(byte[] bytes) {
    try {
      if (TftpPacket.parse(ByteBuffer.wrap(bytes)) instanceof TftpPacket.Read read) {
        TftpOptions options = TftpOptions.negotiate(read.options(), 1_000_000);
        assertTrue(
            options.blockSize() >= Limits.SMALLEST_BLOCK
                && options.blockSize() <= Limits.LARGEST_BLOCK);
        assertTrue(options.window() >= 1 && options.window() <= Limits.WINDOW);
        assertTrue(
            TftpPacket.optionAck(options.acknowledged()).length <= bytes.length + 32,
            "the answer to a forged request must not be much longer than it");
      }
    } catch (MalformedTftpException refused) {
      assertNotNull(refused.getMessage());
    }
  }
}
