// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class RouterAdvertisementTest {

  /**
   * RFC 4861 §4.2, byte by byte: lifetime 0, no flags, no prefix, the sender's link address. The
   * checksum was computed by Wireshark.
   */
  @Test
  void itOffersNothing() {
    byte[] mac = HexFormat.of().parseHex("525400770001");
    assertEquals(
        "6000000000183aff"
            + "fe80000000000000505400fffe770001"
            + "ff020000000000000000000000000001"
            + "8600d88e"
            + "0000"
            + "0000"
            + "00000000"
            + "00000000"
            + "0101525400770001",
        HexFormat.of().formatHex(RouterAdvertisement.packet(mac, RouterAdvertisement.allNodes())));
  }
}
