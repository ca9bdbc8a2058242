// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A machine that proves itself and has the target prove itself: iPXE with secrets by DHCP (option
 * 175.190 to 193), Linux with those that iPXE left in the iBFT (RFC 7143 §12.1.3).
 */
class ChapIT {

  @Test
  void firmwareAndSystemBootByChapBothWays() throws Exception {
    try (Lab lab = Lab.open("chap")) {
      Machine machine = lab.client("alice", "persistent", Firmware.BIOS);
      lab.service().command("client", "chap", "alice", "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "chap");
      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of alice$", Machine.BOOT);
      machine.awaitReady();
      machine.write("proved");
      assertEquals("proved", machine.read());
      assertEquals(List.of(), GuestLog.complaints(machine.messages()));
      machine.shutDown();
      capture.stop();

      // iPXE, iscsistart and iscsid: each proved itself, and each had a proof of the target.
      List<String> texts =
          capture.values("iscsi.opcode == 0x03 or iscsi.opcode == 0x23", "iscsi.keyvalue");
      assertTrue(count(texts, "CHAP_N=alice") >= 3, texts.toString());
      assertTrue(count(texts, "CHAP_N=rootstock") >= 3, texts.toString());
      Set<String> statuses =
          new HashSet<>(capture.values("iscsi.opcode == 0x23", "iscsi.login.status"));
      assertEquals(Set.of("0x0000"), statuses);
      lab.finish();
    }
  }

  private static long count(List<String> texts, String key) {
    return texts.stream().filter(text -> text.contains(key)).count();
  }
}
