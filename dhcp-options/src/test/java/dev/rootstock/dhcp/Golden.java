// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Packets in files (README.md beside them says where each is from), and facts that tests share. */
final class Golden {
  private Golden() {}

  static byte[] bytes(String name) {
    try (InputStream in = Objects.requireNonNull(Golden.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static DhcpPacket packet(String name) throws MalformedDhcpException {
    return DhcpCodec.decode(bytes(name));
  }

  static Inet4Address ip(String text) {
    return Inet4Address.ofLiteral(text);
  }

  static BootFacts facts() {
    return new BootFacts(
        ip("10.77.0.100"),
        ip("255.255.255.0"),
        ip("10.77.0.1"),
        Optional.of(ip("10.77.0.254")),
        List.of(ip("10.77.0.53")),
        Optional.of("alpha"),
        DhcpOption.INFINITE_LEASE,
        Optional.of(
            RootPath.of(
                new ServerName("10.77.0.1"),
                3260,
                Lun.ZERO,
                new IscsiName("iqn.2026-11.dev.rootstock:01234567:alpha"))),
        Optional.of(new IscsiName("iqn.2026-11.dev.rootstock:01234567:alpha:initiator")),
        IpxeOptions.switchedOn(IpxeOptions.NO_PXEDHCP),
        Optional.empty(),
        DhcpOptions.builder().build());
  }
}
