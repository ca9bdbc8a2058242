// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.net.Capture;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpPacket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What other people's decoder makes of a proxy's answers (PXE 2.1 §2.2). */
class ProxyTsharkIT {
  private static final String MAC = "52:54:00:77:00:01";
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");

  @Test
  void everyAnswerDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    DhcpSubnet subnet =
        new DhcpSubnet("br0", SERVER, 24, Optional.empty(), Optional.empty(), List.of());
    ProxyResponder responder =
        new ProxyResponder(
            new FakeClients().add("alpha", MAC, Optional.empty()),
            (client, xid, stage) -> {},
            new BootPrograms(
                Map.of(Platform.UEFI_X64, "snponly.efi"), true, OptionalInt.of(8080), true),
            new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
            () -> 0);
    Responder.Way broadcast = new Responder.Way(67, DhcpPacket.NO_ADDRESS, 68);
    Responder.Way unicast =
        new Responder.Way(ProxyResponder.PORT, InetAddress.ofLiteral("10.77.0.20"), 4011);
    Capture capture = new Capture();
    for (Decision each :
        List.of(
            responder.decide(Request.of(DISCOVER, MAC).pxe().packet(), subnet, broadcast),
            responder.decide(Request.of(DISCOVER, MAC).ipxe().packet(), subnet, broadcast),
            responder.decide(
                Request.of(REQUEST, MAC).pxe().ciaddr("10.77.0.20").packet(), subnet, unicast))) {
      Answer answer = (Answer) each;
      int from = answer.port() == 4011 ? 4011 : 67;
      capture.add(SERVER, from, answer.to(), answer.port(), DhcpCodec.encode(answer.packet()));
    }

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "dhcp.option.dhcp",
            "dhcp.ip.your",
            "dhcp.file",
            "dhcp.option.vendor_class_id");

    assertEquals(List.of("", "", "2", "0.0.0.0", "snponly.efi", "PXEClient"), packets.get(0));
    assertEquals(
        List.of("", "", "2", "0.0.0.0", "http://10.77.0.1:8080/script/alpha", "PXEClient"),
        packets.get(1));
    assertEquals(List.of("", "", "5", "0.0.0.0", "snponly.efi", "PXEClient"), packets.get(2));
  }
}
