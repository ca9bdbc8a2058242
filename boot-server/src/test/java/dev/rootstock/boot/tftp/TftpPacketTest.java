// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TftpPacketTest {

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** RFC 2347 §2: names in any case. */
  @Test
  void aRequestIsRead() throws Exception {
    assertEquals(
        new TftpPacket.Read("undionly.kpxe", "octet", Map.of("blksize", "1456", "tsize", "0")),
        TftpPacket.parse(bytes("\0\1undionly.kpxe\0OCTET\0BlkSize\0001456\0tsize\0000\0")));
  }

  @Test
  void anAcknowledgementIsRead() throws Exception {
    assertEquals(new TftpPacket.Ack(0xFFFE), TftpPacket.parse(bytes("\0\4\u00ff\u00fe")));
  }

  @Test
  void anErrorIsReadWithAndWithoutItsText() throws Exception {
    assertEquals(
        new TftpPacket.Failure(8, "User aborted"),
        TftpPacket.parse(bytes("\0\5\0\010User aborted\0")));
    assertEquals(new TftpPacket.Failure(0, ""), TftpPacket.parse(bytes("\0\5\0\0")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\0",
        "\0\1\0",
        "\0\1file",
        "\0\1file\0octet",
        "\0\1file\0octet\0blksize\0",
        "\0\1file\0octet\0blksize\0001\0blksize\0002\0",
        "\0\4\0\0\0",
        "\0\3\0\1data",
        "\0\6blksize\0001\0",
        "\0\7\0\0",
        "\1\0\0\0"
      })
  void whatNoClientSendsIsRefused(String packet) {
    assertThrows(MalformedTftpException.class, () -> TftpPacket.parse(bytes(packet)));
  }

  @Test
  void aRequestHasItsBound() {
    String packet = "\0\1" + "a".repeat(600) + "\0octet\0";
    assertThrows(MalformedTftpException.class, () -> TftpPacket.parse(bytes(packet)));
  }

  /** RFC 2348, RFC 2349, RFC 7440: the values that are acknowledged hold. */
  @Test
  void optionsAreNegotiated() {
    TftpOptions options =
        TftpOptions.negotiate(
            Map.of("blksize", "65464", "windowsize", "4", "timeout", "3", "tsize", "0"), 74_213);
    assertEquals(1468, options.blockSize());
    assertEquals(4, options.window());
    assertEquals(3, options.timeoutSeconds());
    assertEquals(
        Map.of("blksize", "1468", "windowsize", "4", "timeout", "3", "tsize", "74213"),
        options.acknowledged());
    assertEquals(
        List.of("blksize", "windowsize", "timeout", "tsize"),
        List.copyOf(options.acknowledged().keySet()));
  }

  /** RFC 2347 §3: such an option is as if it were not there. */
  @ParameterizedTest
  @ValueSource(strings = {"7", "65465", "-1", "+512", "", "9999999999", "0x200", "5 12"})
  void aBlockSizeOutOfRangeIsLeftOut(String value) {
    TftpOptions options = TftpOptions.negotiate(Map.of("blksize", value, "multicast", ""), 1);
    assertEquals(512, options.blockSize());
    assertEquals(Map.of(), options.acknowledged());
  }
}
