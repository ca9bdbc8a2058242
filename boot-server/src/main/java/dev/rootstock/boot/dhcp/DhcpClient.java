// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.RootPath;
import java.net.Inet4Address;
import java.util.Optional;

/**
 * What the DHCP server has to know of a client.
 *
 * @param name its name, which is its host name as well
 * @param configuredAddress the address that its administrator gave it
 * @param rememberedAddress the address that {@link DhcpClients#remember} was told of; of no meaning
 *     where there is a configured one
 * @param booted whether it has ever booted: its disk is then bound to its address
 * @param rootPath where its disk is, with a literal server address
 * @param initiatorName the name that its initiator takes
 * @param ipxe what its iPXE is told in option 175
 * @param secureBoot whether its firmware gets programs that are signed for Secure Boot
 */
public record DhcpClient(
    String name,
    Optional<Inet4Address> configuredAddress,
    Optional<Inet4Address> rememberedAddress,
    boolean booted,
    Optional<RootPath> rootPath,
    Optional<IscsiName> initiatorName,
    IpxeOptions ipxe,
    boolean secureBoot) {

  /** Not to wait for a proxyDHCP server. */
  public static final IpxeOptions HINTS = IpxeOptions.switchedOn(IpxeOptions.NO_PXEDHCP);

  /** What an installer needs: its disk is attached, stays so, and is not booted from. */
  public static final IpxeOptions INSTALL_HINTS =
      IpxeOptions.switchedOn(
          IpxeOptions.KEEP_SAN, IpxeOptions.SKIP_SAN_BOOT, IpxeOptions.NO_PXEDHCP);

  /** The same, and nothing that is a secret is told. */
  DhcpClient withoutSecrets() {
    return new DhcpClient(
        name,
        configuredAddress,
        rememberedAddress,
        booted,
        rootPath,
        initiatorName,
        ipxe.withoutSecrets(),
        secureBoot);
  }

  /** Whether that is the address that the client has. */
  boolean hasAddress(Inet4Address address) {
    return configuredAddress.or(() -> rememberedAddress).filter(address::equals).isPresent();
  }

  /** A client whose iPXE is told no more than others. */
  public DhcpClient(
      String name,
      Optional<Inet4Address> configuredAddress,
      Optional<Inet4Address> rememberedAddress,
      boolean booted,
      Optional<RootPath> rootPath,
      Optional<IscsiName> initiatorName) {
    this(name, configuredAddress, rememberedAddress, booted, rootPath, initiatorName, HINTS, false);
  }
}
