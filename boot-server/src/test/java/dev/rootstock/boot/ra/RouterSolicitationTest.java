// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 4861 §6.1.1, on packets made by hand. */
class RouterSolicitationTest {
  private static final byte[] SENDER = HexFormat.of().parseHex("fe80000000000000505400fffe770001");
  private static final byte[] ROUTERS = HexFormat.of().parseHex("ff020000000000000000000000000002");
  private static final byte[] NOBODY = new byte[16];
  private static final String LINK_ADDRESS = "0101525400770001";

  private static byte[] packet(byte[] source, String body) {
    ByteBuffer message = ByteBuffer.wrap(HexFormat.of().parseHex(body));
    message.putShort(2, (short) Icmpv6.checksum(source, ROUTERS, message));
    return ByteBuffer.allocate(40 + message.limit())
        .putInt(0x60000000)
        .putShort((short) message.limit())
        .put((byte) 58)
        .put((byte) 255)
        .put(source)
        .put(ROUTERS)
        .put(message)
        .array();
  }

  private static boolean accepted(byte[] packet) {
    return RouterSolicitation.parse(ByteBuffer.wrap(packet)).isPresent();
  }

  @Test
  void aSolicitationTellsItsSender() {
    RouterSolicitation read =
        RouterSolicitation.parse(ByteBuffer.wrap(packet(SENDER, "8500000000000000" + LINK_ADDRESS)))
            .orElseThrow();
    assertEquals(ByteBuffer.wrap(SENDER), read.source());
    assertFalse(read.fromNobody());
  }

  @Test
  void aSenderWithoutAnAddressIsNobody() {
    RouterSolicitation read =
        RouterSolicitation.parse(ByteBuffer.wrap(packet(NOBODY, "8500000000000000"))).orElseThrow();
    assertTrue(read.fromNobody());
  }

  @ParameterizedTest
  @CsvSource({
    "8600000000000000, another type",
    "8501000000000000, a code that is not 0",
    "85000000, shorter than eight bytes",
    "85000000000000000100525400770001, an option of length 0",
    "85000000000000000102525400770001, an option beyond the end",
    "850000000000000001, half an option",
  })
  void aMalformedMessageIsIgnored(String body, String why) {
    assertFalse(accepted(packet(SENDER, body)), why);
  }

  @Test
  void nobodyMayNotTellALinkAddress() {
    assertFalse(accepted(packet(NOBODY, "8500000000000000" + LINK_ADDRESS)));
  }

  @Test
  void aPacketFromAnotherLinkIsIgnored() {
    byte[] packet = packet(SENDER, "8500000000000000");
    packet[7] = (byte) 254;
    assertFalse(accepted(packet));
  }

  @Test
  void aWrongChecksumIsIgnored() {
    byte[] packet = packet(SENDER, "8500000000000000");
    packet[47] ^= 1;
    assertFalse(accepted(packet));
  }

  @Test
  void aSenderMustNotBeAGroup() {
    assertFalse(accepted(packet(ROUTERS, "8500000000000000")));
  }

  /** Cut anywhere and with any byte changed: no exception, whatever else. */
  @Test
  void brokenPacketsDoNoHarm() {
    byte[] good = packet(SENDER, "8500000000000000" + LINK_ADDRESS);
    Random random = new Random(4861);
    for (int round = 0; round < 20_000; round++) {
      byte[] broken = Arrays.copyOf(good, random.nextInt(good.length + 1));
      for (int change = 0; broken.length > 0 && change < 3; change++) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      RouterSolicitation.parse(ByteBuffer.wrap(broken))
          .ifPresent(r -> assertEquals(16, r.source().limit()));
    }
  }
}
