// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.qemu.Lab.KnownBy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One boot of one machine, seen from the machine and from the wire. */
class OneMachineIT {
  private static final Set<String> OPCODES_OF_A_BOOT =
      Set.of("0x01", "0x03", "0x05", "0x21", "0x23", "0x25", "0x31");

  /**
   * What the guest writes at once: its kernel makes of it commands that are longer than our
   * FirstBurstLength (RFC 7143 §13.14), so that we have to ask for the rest by R2T.
   */
  private static final int LONG_WRITE_MIB = 2;

  @Test
  void bootsByBiosAndNothingOnTheWireIsMalformed() throws Exception {
    try (Lab lab = Lab.open("one-machine")) {
      Capture capture = Capture.start(lab.network(), lab.folder(), "boot");
      // Linux tells no UUID when it asks for its address: its card has been seen by then.
      Machine machine = lab.client("alice", "persistent", Firmware.BIOS, KnownBy.UUID);
      machine.powerOn();
      machine.log().await("^ROOTSTOCK boot 1 of alice$", Machine.BOOT);
      machine.log().await("^ROOTSTOCK found nothing$", Machine.ANSWER);
      machine.awaitReady();
      machine.write("first");
      assertEquals("first", machine.read());
      machine.ask("fill " + LONG_WRITE_MIB, "^ROOTSTOCK filled " + LONG_WRITE_MIB + "$");
      List<String> messages = machine.messages();
      assertEquals(List.of(), GuestLog.complaints(messages));
      assertEquals(List.of(), GuestLog.lostConnections(messages));
      machine.shutDown();
      capture.stop();

      assertEquals(List.of(), capture.wrongPackets());
      assertDhcpGaveTheDisk(capture);
      assertAllOpcodesSeen(capture);
      assertNoWaitForAnIpv6Router(capture);
      lab.finish();
    }
  }

  private static void assertDhcpGaveTheDisk(Capture capture) throws Exception {
    Set<String> roots =
        new HashSet<>(capture.values("dhcp.option.dhcp == 5", "dhcp.option.root_path"));
    String expected = "iscsi:" + PrivateNetwork.ADDRESS + "::::" + Service.target("alice");
    assertTrue(roots.stream().anyMatch(r -> sameDisk(r, expected)), roots + " has no " + expected);
    // iPXE and then Linux: each asked, and each got the same address.
    Set<String> addresses = new HashSet<>(capture.values("dhcp.option.dhcp == 5", "dhcp.ip.your"));
    assertEquals(1, addresses.size(), addresses.toString());
  }

  /** RFC 4861 §6.2.6: iPXE's solicitation is answered, and by nobody to route through. */
  private static void assertNoWaitForAnIpv6Router(Capture capture) throws Exception {
    assertEquals(
        Set.of("0"),
        new HashSet<>(capture.values("icmpv6.type == 134", "icmpv6.nd.ra.router_lifetime")));
    double acknowledged =
        Double.parseDouble(
            capture.values("dhcp.option.dhcp == 5", "frame.time_relative").getFirst());
    double connects =
        Double.parseDouble(
            capture
                .values("tcp.flags == 0x002 and tcp.dstport == 3260", "frame.time_relative")
                .getFirst());
    assertTrue(connects - acknowledged < 3, "iPXE waited %f s".formatted(connects - acknowledged));
  }

  /** RFC 4173 §5: protocol, port and LUN may be left out where they are the default. */
  private static boolean sameDisk(String rootPath, String expected) {
    return rootPath.replaceFirst("^(iscsi:[^:]+):6?:(?:3260)?:(?:0)?:", "$1::::").equals(expected);
  }

  private static void assertAllOpcodesSeen(Capture capture) throws Exception {
    Set<String> seen =
        capture.values("iscsi", "iscsi.opcode").stream()
            .flatMap(line -> List.of(line.split(",", -1)).stream())
            .collect(Collectors.toSet());
    assertTrue(seen.containsAll(OPCODES_OF_A_BOOT), seen.toString());
  }
}
