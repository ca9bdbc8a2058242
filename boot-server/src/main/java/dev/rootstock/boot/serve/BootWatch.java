// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.boots.LoginListener;
import dev.rootstock.boot.dhcp.DiscoverListener;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.trail.Step;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.InetAddress;
import java.util.Optional;

/** Hears what happens on a machine's way to its disk, and tells those who go by it. */
record BootWatch(
    BootAdmission boots, BootDirectory directory, Trails trails, Optional<PendingMachines> pending)
    implements DiscoverListener {

  @Override
  public void discovered(String client, int xid, BootStage stage) {
    boots.discovered(client, xid, true);
  }

  @Override
  public void described(String client, BootStage stage, DhcpPacket packet) {
    trails.took(
        client,
        stage == BootStage.IPXE ? Step.IPXE_DHCP : Step.FIRMWARE_DHCP,
        packet.chaddr() + architecture(packet));
  }

  @Override
  public void stranger(DhcpPacket packet) {
    pending.ifPresent(waiting -> waiting.asked(packet));
  }

  private static String architecture(DhcpPacket packet) {
    try {
      return packet
          .options()
          .get(DhcpOption.ARCHITECTURES)
          .map(all -> ", architecture " + all.getFirst().code())
          .orElse("");
    } catch (MalformedDhcpException e) {
      return "";
    }
  }

  /** A boot file has arrived at an address. */
  void fetched(InetAddress address, String file, long bytes) {
    directory
        .clientAt(address)
        .ifPresent(
            client -> trails.took(client, Step.PROGRAM, "%s, %d bytes".formatted(file, bytes)));
  }

  void scriptFetched(String client) {
    boots.scriptFetched(client);
    trails.took(client, Step.SCRIPT, "");
  }

  /** Who hears of logins, whether there are services before the disk or not. */
  static LoginListener logins(Trails trails) {
    return (client, firmware, initiator, from) ->
        trails.took(
            client,
            firmware ? Step.FIRMWARE_LOGIN : Step.SYSTEM_LOGIN,
            from.getHostAddress() + " as " + initiator);
  }
}
