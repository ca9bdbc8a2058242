// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.net.Capture;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other people's decoder makes of our router advertisements. */
class RaTsharkIT {

  @Test
  void anAdvertisementDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    byte[] mac = HexFormat.of().parseHex("525400770001");
    byte[] machine = InetAddress.ofLiteral("fe80::5054:ff:fe77:9").getAddress();
    Capture capture = new Capture();
    capture.addIpv6(RouterAdvertisement.packet(mac, RouterAdvertisement.allNodes()));
    capture.addIpv6(RouterAdvertisement.packet(mac, machine));

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "icmpv6.type",
            "icmpv6.checksum.status",
            "icmpv6.nd.ra.router_lifetime",
            "icmpv6.opt.linkaddr",
            "ipv6.dst");

    assertEquals(List.of("", "", "134", "1", "0", "52:54:00:77:00:01", "ff02::1"), packets.get(0));
    assertEquals(
        List.of("", "", "134", "1", "0", "52:54:00:77:00:01", "fe80::5054:ff:fe77:9"),
        packets.get(1));
  }
}
