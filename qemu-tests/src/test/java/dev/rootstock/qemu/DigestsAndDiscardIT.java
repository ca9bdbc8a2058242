// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A Linux guest on open-iscsi with all at once: CHAP both ways (RFC 7143 §12.1.3), every PDU
 * covered by digests (§13.1), a disk of which 32 bits do not address every block, and a file system
 * that tells the disk what it no longer needs, so that the overlay shrinks.
 */
class DigestsAndDiscardIT {
  private static final String CLIENT = "dora-digests";
  private static final int FILL_MIB = 24;

  /** 2.5 TiB, and the last MiB of 3 TiB: blocks of 512 bytes beyond 2^32. */
  private static final List<Integer> FAR_MIB = List.of(5 << 19, (6 << 19) - 1);

  /** Where a block's number cut to 32 bits would lead: 2 TiB less. */
  private static final int WRAP_MIB = 4 << 19;

  /** What a boot writes, the overlay's own tables, and clusters leased ahead. */
  private static final long OVERLAY_BYTES = 48 << 20;

  @Test
  void aGuestWithChapAndDigestsWritesBeyond2TiBAndGivesSpaceBack() throws Exception {
    try (Lab lab = Lab.open("digests")) {
      Machine machine = lab.client(CLIENT, "persistent", Firmware.BIOS, "--size", "3T");
      lab.service().command("client", "chap", CLIENT, "--generate", "--mutual", "--hand-out");
      Capture capture = Capture.start(lab.network(), lab.folder(), "login");
      machine.powerOn();
      machine.awaitReady();
      for (int place : FAR_MIB) {
        machine.ask("far " + place, "^ROOTSTOCK far " + place + " holds$");
      }
      capture.stop();
      assertChapAndDigests(capture);
      assertLongBlockNumbers(capture);

      machine.ask("fill " + FILL_MIB, "^ROOTSTOCK filled " + FILL_MIB + "$");
      long full = allocatedBytes(lab);
      assertTrue(full > FILL_MIB << 20, full + " bytes");
      assertTrue(full < (FILL_MIB << 20) + OVERLAY_BYTES, full + " bytes");
      machine.ask("trim", "^ROOTSTOCK trimmed: .*$");
      machine.write("after");
      assertEquals("after", machine.read());
      assertEquals(List.of(), GuestLog.complaints(machine.messages()));
      machine.shutDown();
      lab.finish();
      // Space is given back with the next checkpoint; the last one comes when the disk is closed.
      long trimmed = allocatedBytes(lab);
      assertTrue(trimmed < full - (FILL_MIB << 20) * 3L / 4, full + " bytes, then " + trimmed);
      assertOverlayHoldsWhatIsFar(lab);
    }
  }

  /** iPXE knows CHAP but no digests; iscsistart and iscsid have both. */
  private static void assertChapAndDigests(Capture capture) throws Exception {
    List<String> texts = capture.values("iscsi.opcode == 0x03", "iscsi.keyvalue");
    assertTrue(count(texts, "CHAP_N=" + CLIENT) >= 3, texts.toString());
    List<String> answers = capture.values("iscsi.opcode == 0x23", "iscsi.keyvalue");
    assertTrue(count(answers, "CHAP_N=rootstock") >= 3, answers.toString());
    for (String key : List.of("HeaderDigest=CRC32C", "DataDigest=CRC32C")) {
      assertTrue(count(answers, key) >= 2, answers.toString());
    }
    assertEquals(
        Set.of("0x0000"),
        new HashSet<>(capture.values("iscsi.opcode == 0x23", "iscsi.login.status")));
  }

  /**
   * SBC-4 §5.18 and §5.43: READ (16) and WRITE (16), for blocks that the short forms cannot name.
   */
  private static void assertLongBlockNumbers(Capture capture) throws Exception {
    for (String opcode : List.of("0x88", "0x8a")) {
      List<String> blocks = capture.values("scsi_sbc.opcode == " + opcode, "scsi_sbc.rdwr16.lba");
      for (int place : FAR_MIB) {
        String block = "%016x".formatted((long) place << 11);
        assertTrue(count(blocks, block) >= 1, opcode + " " + block + ": " + blocks);
      }
    }
  }

  /** QEMU finds the bytes where the guest put them, and nothing where a short number would. */
  private static void assertOverlayHoldsWhatIsFar(Lab lab) throws Exception {
    for (int place : FAR_MIB) {
      for (String read :
          List.of("-P 0x52 " + place + "M 1M", "-P 0 " + (place - WRAP_MIB) + "M 1M")) {
        String said =
            Tool.run("qemu-io", "-r", "-c", "read " + read, lab.overlay(CLIENT).toString());
        assertTrue(said.contains("bytes at offset") && !said.contains("failed"), said);
      }
    }
  }

  private static long count(List<String> texts, String part) {
    return texts.stream().filter(text -> text.contains(part)).count();
  }

  /** What the file system gives the overlay, as du counts it. */
  private static long allocatedBytes(Lab lab) throws IOException, InterruptedException {
    String kilobytes = Tool.run("du", "-k", lab.overlay(CLIENT).toString());
    return 1024 * Long.parseLong(kilobytes.split("\\s", -1)[0]);
  }
}
