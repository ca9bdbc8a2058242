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
import java.util.List;
import org.junit.jupiter.api.Test;

/** SLP answers (RFC 2608 §8.2, RFC 4018), judged by Wireshark. */
class SlpOnTheWireIT {
  private static final String GROUP = "239.255.255.253";

  @Test
  void answersToAServiceRequestDecodeAndNameTheTarget() throws Exception {
    try (Lab lab = Lab.open("slp")) {
      lab.service()
          .command("client", "add", "sam", "--mac", "52:54:00:77:01:01", "--image", Lab.IMAGE);
      Capture capture = Capture.start(lab.network(), lab.folder(), "slp");
      ask(lab, PrivateNetwork.ADDRESS, request(0, 7));
      ask(lab, GROUP, request(REQUEST_MULTICAST, 8));
      capture.stop();

      assertEquals(List.of(), capture.wrongPackets());
      List<String> urls = capture.values("srvloc.function == 2", "srvloc.url_entry.url");
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
      byte[] cut = new byte[20];
      System.arraycopy(request(0, 9), 0, cut, 0, cut.length);
      send(network, folder, PrivateNetwork.ADDRESS, cut);
      capture.stop();
      assertFalse(capture.wrongPackets().isEmpty());
    }
  }

  private static final int REQUEST_MULTICAST = 0x2000;

  private static void ask(Lab lab, String address, byte[] request) throws Exception {
    send(lab.network(), lab.folder(), address, request);
  }

  private static void send(PrivateNetwork network, Path folder, String address, byte[] packet)
      throws Exception {
    Path file = folder.resolve("request.bin");
    Files.write(file, packet);
    String command =
        "busybox nc -u -w 2 %s 427 <%s >%s.reply || true".formatted(address, file, file);
    network.run(folder, List.of("sh", "-c", command));
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
