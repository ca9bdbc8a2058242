// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;

/** Any packet is a solicitation or is ignored. */
class RouterSolicitationFuzzTest {

  @FuzzTest(maxDuration = "2m")
  void anyPacketIsReadOrIgnored(byte[] bytes) {
    RouterSolicitation.parse(ByteBuffer.wrap(bytes))
        .ifPresent(solicitation -> assertEquals(16, solicitation.source().limit()));
  }
}
