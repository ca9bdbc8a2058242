// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * A machine that proves itself and has the target prove itself: iPXE with secrets by DHCP (option
 * 175.190 to 193), Linux with those that iPXE left in the iBFT (RFC 7143 §12.1.3).
 */
class ChapIT {
  /** Sub-option 191 with 22 characters. */
  private static final Pattern SECRET = Pattern.compile("bf16[0-9a-f]{44}");

  /** Its secrets are made anew for each boot, and the CHAP name says of which. */
  @Test
  void firmwareAndSystemBootByChapBothWays() throws Exception {
    try (Lab lab = Lab.open("chap")) {
      Machine machine = lab.client("alice", "persistent", Firmware.BIOS);
      lab.service().command("client", "chap", "alice", "--each-boot", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "chap");
      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of alice$", Machine.BOOT);
      machine.awaitReady();
      machine.write("proved");
      assertEquals("proved", machine.read());
      assertEquals(List.of(), GuestLog.complaints(machine.messages()));
      machine.shutDown();

      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 2 of alice$", Machine.BOOT);
      machine.awaitReady();
      assertEquals("proved", machine.read());
      machine.shutDown();
      capture.stop();

      // iPXE, iscsistart and iscsid: each proved itself, and each had a proof of the target.
      List<String> texts =
          capture.values("iscsi.opcode == 0x03 or iscsi.opcode == 0x23", "iscsi.keyvalue");
      assertTrue(count(texts, "CHAP_N=alice/1") >= 3, texts.toString());
      assertTrue(count(texts, "CHAP_N=alice/2") >= 3, texts.toString());
      assertTrue(count(texts, "CHAP_N=rootstock") >= 6, texts.toString());
      Set<String> statuses =
          new HashSet<>(capture.values("iscsi.opcode == 0x23", "iscsi.login.status"));
      assertEquals(Set.of("0x0000"), statuses);
      assertEquals(2, Set.copyOf(secrets(capture)).size(), "one secret for each boot");
      lab.finish();
    }
  }

  /** What DHCP has told as 175.191, in the order of the packets. */
  private static List<String> secrets(Capture capture) throws Exception {
    return capture
        .values("dhcp.option.dhcp == 5 and dhcp.option.type == 175", "dhcp.option.value")
        .stream()
        .flatMap(values -> Arrays.stream(values.split(",", -1)))
        .flatMap(value -> SECRET.matcher(value.replace(":", "")).results())
        .map(MatchResult::group)
        .toList();
  }

  private static long count(List<String> texts, String key) {
    return texts.stream().filter(text -> text.contains(key)).count();
  }
}
