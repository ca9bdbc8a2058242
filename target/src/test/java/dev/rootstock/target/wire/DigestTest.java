// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of RFC 7143 Appendix A.4. */
class DigestTest {
  private static final String ZEROS = "00".repeat(32);

  @ParameterizedTest
  @CsvSource({
    "0000000000000000000000000000000000000000000000000000000000000000, aa36918a",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff, 43aba862",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, 4e79dd46",
    "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100, 5cdb3f11",
    "01c00000000000000000000000000000140000000000040000000014000000182800000000000000"
        + "0200000000000000, 563a96d9",
  })
  void theExamplesOfTheRfc_A_4(String bytes, String digest) {
    assertEquals(Integer.parseUnsignedInt(digest, 16), digest(Unpooled.wrappedBuffer(hex(bytes))));
  }

  @Test
  void directMemoryAndPiecesGiveTheSame() {
    byte[] zeros = hex(ZEROS);
    ByteBuf direct = Unpooled.directBuffer(40).writeZero(4).writeBytes(zeros);
    assertEquals(0xaa36918a, new Digest().of(direct, 4, 32));
    ByteBuf pieces =
        Unpooled.wrappedBuffer(Unpooled.wrappedBuffer(zeros, 0, 5), direct.retainedSlice(4, 27));
    assertEquals(0xaa36918a, digest(pieces));
    pieces.release();
    direct.release();
  }

  @Test
  void paddingCounts() {
    ByteBuf without = Unpooled.wrappedBuffer(hex("ff".repeat(29)));
    ByteBuf with = Unpooled.wrappedBuffer(hex("ff".repeat(29) + "000000"));
    assertEquals(digest(with), new Digest().of(without, 0, 29, 3));
  }

  private static int digest(ByteBuf bytes) {
    return new Digest().of(bytes, 0, bytes.readableBytes());
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
