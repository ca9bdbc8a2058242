// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;

/**
 * What we know of a client when we answer it.
 *
 * @param address the address that it gets
 * @param subnetMask of that address
 * @param serverId our own address, as the client reaches it
 * @param router where there is one that clients may use
 * @param nameServers may be empty
 * @param hostName the client's own name
 * @param leaseSeconds 1 to {@link DhcpOption#INFINITE_LEASE}, which means for ever
 * @param rootPath where its disk is; empty for a machine that boots no disk of ours
 * @param initiatorName what its initiator is to call itself
 * @param ipxe hints for iPXE; no codes for none
 * @param program what it loads next; empty where it goes by its root path alone
 * @param onWish further options, for those that ask for them
 */
public record BootFacts(
    Inet4Address address,
    Inet4Address subnetMask,
    Inet4Address serverId,
    Optional<Inet4Address> router,
    List<Inet4Address> nameServers,
    Optional<String> hostName,
    long leaseSeconds,
    Optional<RootPath> rootPath,
    Optional<IscsiName> initiatorName,
    IpxeOptions ipxe,
    Optional<BootProgram> program,
    DhcpOptions onWish) {

  public BootFacts {
    nameServers = List.copyOf(nameServers);
    if (leaseSeconds < 1 || leaseSeconds > DhcpOption.INFINITE_LEASE) {
      throw new IllegalArgumentException("a lease of " + leaseSeconds + " seconds");
    }
  }

  /** The same with something to load. */
  public BootFacts withProgram(Optional<BootProgram> next) {
    return new BootFacts(
        address,
        subnetMask,
        serverId,
        router,
        nameServers,
        hostName,
        leaseSeconds,
        rootPath,
        initiatorName,
        ipxe,
        next,
        onWish);
  }
}
