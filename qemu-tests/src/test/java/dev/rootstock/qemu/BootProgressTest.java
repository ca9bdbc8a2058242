// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootProgressTest {
  private final List<String> told = new ArrayList<>();
  private final BootProgress progress =
      new BootProgress("alice", line -> told.add(line.replaceFirst("^ *alice +[\\d.]+ s +", "")));

  @Test
  void tellsTheStepsOfABootAndNothingElse() {
    print(
        "SeaBIOS (version 1.16)",
        "Root path: iscsi:10.77.0.1::::iqn.x:alice",
        "Registered SAN device 0x80",
        "ROOTSTOCK boot 1 of alice",
        "ROOTSTOCK found nothing",
        "ROOTSTOCK ready");
    assertEquals(
        List.of(
            "firmware: DHCP option 17 is iscsi:10.77.0.1::::iqn.x:alice",
            "firmware: iSCSI disk attached",
            "root is mounted: boot 1 of alice",
            "found on its disk: nothing"),
        told);
  }

  @Test
  void tellsAStepOnceInABootAndAgainInTheNext() {
    print("Registered SAN device 0x80", "Registered SAN device 0x80");
    progress.begin();
    print("Registered SAN device 0x80");
    assertEquals(List.of("firmware: iSCSI disk attached", "firmware: iSCSI disk attached"), told);
  }

  private void print(String... lines) {
    List.of(lines).forEach(progress);
  }
}
