// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SLP answers (RFC 2608 §8.2, RFC 4018), judged by Wireshark. */
class SlpOnTheWireIT {
  private static final String GROUP = "239.255.255.253";
  private static final int PORT = 427;

  /** The flag of a request that was sent to the group (RFC 2608 §8). */
  private static final int REQUEST_MULTICAST = 0x2000;

  @Test
  void answersToAServiceRequestDecodeAndNameTheTarget() throws Exception {
    try (Lab lab = Lab.open("slp")) {
      // Without a key its disk is open, so everybody may hear of it.
      lab.service().command("client", "add", "sam", "--image", Lab.IMAGE);
      Capture capture = Capture.start(lab.network(), lab.folder(), "slp");
      byte[] direct = Datagram.ask(lab.network(), PrivateNetwork.ADDRESS, PORT, request(0, 7));
      byte[] multicast = Datagram.ask(lab.network(), GROUP, PORT, request(REQUEST_MULTICAST, 8));
      capture.stop();

      assertTrue(direct.length > 0 && multicast.length > 0, "both requests are answered");
      assertEquals(List.of(), capture.wrongPackets());
      List<String> urls = capture.values("srvloc.function == 2", "srvloc.url.url");
      assertEquals(2, urls.size(), "one answer to each request: " + urls);
      for (String url : urls) {
        assertTrue(url.contains(Service.target("sam")), url);
      }
      lab.finish();
    }
  }

  /** Shows that the check above can fail. */
  @Test
  void aBrokenPacketIsSeen() throws Exception {
    Path folder = Checkout.scratch("it").resolve("slp-broken");
    FileTree.delete(folder);
    Files.createDirectories(folder);
    try (PrivateNetwork network = PrivateNetwork.open()) {
      Capture capture = Capture.start(network, folder, "broken");
      byte[] cut = Arrays.copyOf(request(0, 9), 20);
      Datagram.ask(network, PrivateNetwork.ADDRESS, PORT, cut);
      capture.stop();
      assertFalse(capture.wrongPackets().isEmpty());
    }
  }

  /** A SrvRqst for iSCSI targets in scope DEFAULT: RFC 2608 §8 (header) and §8.1. */
  private static byte[] request(int flags, int xid) throws Exception {
    var body = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(body)) {
      string(out, "");
      string(out, "service:iscsi:target");
      string(out, "DEFAULT");
      string(out, "");
      string(out, "");
    }
    var packet = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(packet)) {
      int length = 14 + 2 + body.size();
      out.writeByte(2);
      out.writeByte(1);
      out.writeByte(0);
      out.writeShort(length);
      out.writeShort(flags);
      out.writeByte(0);
      out.writeShort(0);
      out.writeShort(xid);
      string(out, "en");
      body.writeTo(out);
    }
    return packet.toByteArray();
  }

  private static void string(DataOutputStream out, String text) throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeShort(bytes.length);
    out.write(bytes);
  }
}
