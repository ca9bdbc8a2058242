// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.IsnsServers;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.SlpDirectoryAgents;
import dev.rootstock.dhcp.SlpScopes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.helpers.NOPLogger;

/**
 * What clients send, and what one client of ours is answered on a network that has everything. The
 * README beside the files says where each is from.
 */
final class Corpus {
  static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");

  static final List<String> NAMES =
      List.of(
          "dhclient-discover",
          "dhcpcd-discover",
          "ipxe-bios-discover",
          "ipxe-bios-request",
          "ipxe-uefi-discover",
          "klibc-discover",
          "networkd-discover",
          "pxe-bios-discover",
          "pxe-bios-request",
          "udhcpc-discover",
          "uefi-arm64-discover",
          "uefi-http-discover",
          "uefi-pxe-discover",
          "windows-discover",
          "windows-inform",
          "windows-rebooting",
          "windows-renewing",
          "windows-request");

  /** What a PXE ROM sends to port 4011, where a proxy listens and nothing else. */
  static final String TO_BOOT_SERVER = "pxe-bios-boot-server";

  /** Those of {@link #NAMES} that a proxy answers, as boot firmware broadcasts them. */
  static final Set<String> PROXIED =
      Set.of(
          "ipxe-bios-discover",
          "ipxe-uefi-discover",
          "pxe-bios-discover",
          "uefi-arm64-discover",
          "uefi-http-discover",
          "uefi-pxe-discover");

  private static final Set<Integer> ADDRESSES = Set.of(1, 3, 6, 42, 54, 118);
  private static final Set<Integer> TEXTS = Set.of(12, 15, 17, 56, 60, 66, 67, 203);
  private static final Set<Integer> NUMBERS = Set.of(26, 51, 53, 57, 58, 59);

  private static final DhcpSubnet SUBNET =
      new DhcpSubnet(
              "br0",
              SERVER,
              24,
              Optional.empty(),
              Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
              List.of(Inet4Address.ofLiteral("10.77.0.53")))
          .with(
              DhcpOptions.builder()
                  .put(DhcpOption.DOMAIN_NAME, "lab.example")
                  .put(DhcpOption.INTERFACE_MTU, 1500)
                  .put(DhcpOption.NTP_SERVERS, List.of(Inet4Address.ofLiteral("10.77.0.123")))
                  .put(
                      DhcpOption.SLP_DIRECTORY_AGENTS,
                      new SlpDirectoryAgents(false, List.of(SERVER)))
                  .put(DhcpOption.SLP_SCOPES, new SlpScopes(false, "DEFAULT"))
                  .put(DhcpOption.ISNS_SERVERS, IsnsServers.of(SERVER))
                  .build());

  private Corpus() {}

  static byte[] bytes(String file) {
    try (InputStream in =
        Objects.requireNonNull(Corpus.class.getResourceAsStream("corpus/" + file), file)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What becomes of a packet, whose sender is the client alpha with the address 10.77.0.10. */
  static Decision decision(String name) throws MalformedDhcpException {
    DhcpPacket packet = DhcpCodec.decode(bytes(name + ".bin"));
    DhcpResponder responder =
        new DhcpResponder(
            List.of(SUBNET),
            alpha(packet),
            (client, xid, stage) -> {},
            programs(false),
            log(),
            System::nanoTime);
    return responder.decide(packet, SUBNET);
  }

  /** What a proxy beside another server makes of it. */
  static Decision proxied(String name) throws MalformedDhcpException {
    DhcpPacket packet = DhcpCodec.decode(bytes(name + ".bin"));
    ProxyResponder responder =
        new ProxyResponder(
            alpha(packet), (client, xid, stage) -> {}, programs(true), log(), System::nanoTime);
    Responder.Way way =
        name.equals(TO_BOOT_SERVER)
            ? new Responder.Way(ProxyResponder.PORT, packet.ciaddr(), ProxyResponder.PORT)
            : new Responder.Way(67, packet.ciaddr(), 68);
    return responder.decide(packet, SUBNET, way);
  }

  private static FakeClients alpha(DhcpPacket packet) {
    return new FakeClients().add("alpha", packet.chaddr().text(), Optional.of("10.77.0.10"));
  }

  private static OnceLog log() {
    return new OnceLog(NOPLogger.NOP_LOGGER, 1, 1, 1, System::nanoTime);
  }

  private static BootPrograms programs(boolean scripted) {
    return new BootPrograms(
        Map.of(
            Platform.BIOS,
            "undionly.kpxe",
            Platform.UEFI_X64,
            "snponly.efi",
            Platform.UEFI_ARM64,
            "snponly-arm64.efi"),
        Map.of(),
        true,
        OptionalInt.of(8080),
        scripted);
  }

  /** An answer as a person reads it, from the bytes that go out. */
  static String text(Decision decision) throws MalformedDhcpException {
    return switch (decision) {
      case Answer answer -> text(answer);
      case AnswerWhenBound later -> text(later.answer());
      case Silence silence -> "no answer: " + silence.reason() + "\n";
    };
  }

  private static String text(Answer answer) throws MalformedDhcpException {
    DhcpPacket packet = DhcpCodec.decode(DhcpCodec.encode(answer.packet()));
    StringBuilder text = new StringBuilder();
    line(text, "to", answer.to().getHostAddress() + ":" + answer.port());
    line(text, "flags", String.format("%04x", packet.flags()));
    line(text, "ciaddr", packet.ciaddr().getHostAddress());
    line(text, "yiaddr", packet.yiaddr().getHostAddress());
    line(text, "siaddr", packet.siaddr().getHostAddress());
    line(text, "file", packet.bootFile());
    for (int code : packet.options().codes()) {
      line(text, "option " + code, value(code, packet.options().bytes(code).orElseThrow()));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(name).append(value.isEmpty() ? "" : " ").append(value).append('\n');
  }

  private static String value(int code, byte[] bytes) {
    if (ADDRESSES.contains(code)) {
      StringBuilder all = new StringBuilder();
      for (int at = 0; at < bytes.length; at += 4) {
        Inet4Address each = AddressRange.address(ByteBuffer.wrap(bytes).getInt(at) & 0xFFFF_FFFFL);
        all.append(at == 0 ? "" : ",").append(each.getHostAddress());
      }
      return all.toString();
    }
    if (TEXTS.contains(code)) {
      return new String(bytes, StandardCharsets.US_ASCII);
    }
    String hex = HexFormat.of().formatHex(bytes);
    return NUMBERS.contains(code) ? Long.toString(Long.parseLong(hex, 16)) : hex;
  }
}
