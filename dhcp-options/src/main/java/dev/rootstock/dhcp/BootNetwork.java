// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;

/**
 * A network as somebody else's DHCP server has to know it, so that our clients boot there.
 *
 * @param interfaceName that server's interface on it
 * @param address the network's own address, all host bits zero
 * @param prefixLength 1 to 30
 * @param range the first and the last address to give to machines without one of their own; empty
 *     where only those get an answer that have one
 * @param router where there is one that clients may use
 * @param bootServer our address, where programs and disks are
 * @param programs what firmware without iPXE loads from our TFTP server; empty where we have none
 * @param clients those that have a network card to be known by
 */
public record BootNetwork(
    String interfaceName,
    Inet4Address address,
    int prefixLength,
    Optional<Range> range,
    Optional<Inet4Address> router,
    Inet4Address bootServer,
    Optional<Programs> programs,
    List<Client> clients) {

  private static final int LONGEST_PREFIX = 30;

  /** The first and the last address, both included. */
  public record Range(Inet4Address first, Inet4Address last) {}

  /** What each kind of firmware loads. */
  public record Programs(String bios, String uefiX64) {}

  /**
   * One client.
   *
   * @param name its host name
   * @param macs its network cards, at least one
   * @param address its own, where it has one
   * @param rootPath where its disk is
   * @param initiator the name that its initiator takes
   */
  public record Client(
      String name,
      List<HardwareAddress> macs,
      Optional<Inet4Address> address,
      RootPath rootPath,
      IscsiName initiator) {
    public Client {
      macs = List.copyOf(macs);
    }
  }

  public BootNetwork {
    clients = List.copyOf(clients);
    if (prefixLength < 1 || prefixLength > LONGEST_PREFIX) {
      throw new IllegalArgumentException("a network of /" + prefixLength);
    }
  }

  /** The mask in the form that most servers want. */
  String netmask() {
    int mask = -1 << (32 - prefixLength);
    return "%d.%d.%d.%d".formatted(mask >>> 24, mask >>> 16 & 0xFF, mask >>> 8 & 0xFF, mask & 0xFF);
  }
}
