// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Optional;

/** Any datagram is a packet or is refused, with all its options; and so is any root path. */
class DhcpFuzzTest {

  @FuzzTest(maxDuration = "2m")
  void anyDatagramIsReadOrRefused(byte[] bytes) {
    DhcpPacket packet;
    try {
      packet = DhcpCodec.decode(bytes);
    } catch (MalformedDhcpException refused) {
      assertNotNull(refused.getMessage());
      return;
    }
    answer(packet);
    if (DhcpCodec.encodedLength(packet) <= Limits.PACKET && terminated(packet)) {
      assertReadsBack(packet);
    }
  }

  /** What fills its whole field is read all the same, but never written (RFC 2131 §2). */
  private static boolean terminated(DhcpPacket packet) {
    return packet.serverName().length() < Limits.SERVER_NAME_FIELD
        && packet.bootFile().length() < Limits.BOOT_FILE_FIELD;
  }

  /** What we would answer is one frame at most, whatever was asked. */
  private static void answer(DhcpPacket packet) {
    try {
      DhcpPacket offer =
          BootReply.offer(
              packet, Golden.facts().withProgram(Optional.of(new BootProgram("snponly.efi"))));
      assertTrue(
          DhcpCodec.encodedLength(offer) <= Limits.PACKET
              || packet.options().bytes(82).isPresent());
      DhcpPacket proxied =
          BootReply.proxied(
              packet, MessageType.OFFER, Golden.ip("10.77.0.1"), new BootProgram("snponly.efi"));
      assertEquals(packet.xid(), proxied.xid());
    } catch (MalformedDhcpException refused) {
      assertNotNull(refused.getMessage());
    }
  }

  private static void assertReadsBack(DhcpPacket packet) {
    try {
      DhcpPacket again = DhcpCodec.decode(DhcpCodec.encode(packet));
      assertEquals(packet.chaddr(), again.chaddr());
      for (int code : packet.options().codes()) {
        if (code != DhcpOption.OVERLOAD.code()) {
          assertArrayEquals(
              packet.options().bytes(code).orElseThrow(),
              again.options().bytes(code).orElseThrow());
        }
      }
    } catch (MalformedDhcpException e) {
      // Only an option overload that is no longer true can be wrong with what we wrote.
      assertTrue(packet.options().has(DhcpOption.OVERLOAD), e.getMessage());
    }
  }

  @FuzzTest(maxDuration = "2m")
  void anyRootPathIsReadOrRefused(byte[] bytes) {
    try {
      RootPath path = RootPath.parse(bytes);
      assertEquals(path, RootPath.parse(path.toString()));
    } catch (SyntaxException refused) {
      assertNotNull(refused.getMessage());
    }
  }
}
