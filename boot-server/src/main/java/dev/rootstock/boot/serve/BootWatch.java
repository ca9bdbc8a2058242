// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.boots.BootListener;
import dev.rootstock.boot.boots.Traffic;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.dhcp.DiscoverListener;
import dev.rootstock.boot.dhcp.MachineKeys;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.script.BootScripts.ScriptListener;
import dev.rootstock.boot.trail.Count;
import dev.rootstock.boot.trail.Step;
import dev.rootstock.boot.trail.Trail;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** Hears what happens on a machine's way to its disk, and tells those who go by it. */
record BootWatch(
    BootAdmission boots,
    BootDirectory directory,
    Trails trails,
    SeenCards cards,
    Optional<PendingMachines> pending,
    Optional<Enroller> enroller,
    DisputedMachines disputed,
    ReadyLinks links)
    implements DiscoverListener, ScriptListener {

  @Override
  public void discovered(String client, int xid, BootStage stage) {
    boots.discovered(client, xid, true);
  }

  @Override
  public void described(String client, BootStage stage, DhcpPacket packet) {
    cards.seen(new ClientName(client), BootDirectory.facts(MachineKeys.of(packet)));
    trails.took(
        client,
        stage == BootStage.IPXE ? Step.IPXE_DHCP : Step.FIRMWARE_DHCP,
        packet.chaddr() + architecture(packet));
  }

  @Override
  public boolean isAtWork(String client, Inet4Address address) {
    return boots.isAtWork(new ClientName(client), address);
  }

  @Override
  public boolean stranger(DhcpPacket packet, DhcpSubnet subnet) {
    pending.ifPresent(waiting -> waiting.asked(packet));
    return enroller.filter(enrols -> enrols(enrols, packet, subnet)).isPresent();
  }

  private boolean enrols(Enroller enrols, DhcpPacket packet, DhcpSubnet subnet) {
    CompletableFuture<Optional<Registration>> asked =
        enrols.asked(packet, subnet).toCompletableFuture();
    CompletableFuture<Void> _ = asked.thenAccept(client -> client.ifPresent(this::enrolled));
    return !asked.isDone() || asked.getNow(Optional.empty()).isPresent();
  }

  /** It waits no longer. */
  private void enrolled(Registration client) {
    pending.ifPresent(waiting -> client.client().macs().forEach(waiting::forget));
  }

  @Override
  public void disputed(DhcpPacket packet, String reason) {
    disputed.asked(packet.chaddr().toString(), reason);
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

  @Override
  public Optional<String> systemReadyUrl(String client) {
    return links.ofSystem(client);
  }

  /** A boot file has arrived at an address. */
  void fetched(InetAddress address, String file, long bytes) {
    directory
        .clientAt(address)
        .ifPresent(
            client -> trails.took(client, Step.PROGRAM, "%s, %d bytes".formatted(file, bytes)));
  }

  @Override
  public void fetched(String client, InetAddress from) {
    boots.scriptFetched(client, from);
    trails.took(client, Step.SCRIPT, "");
  }

  @Override
  public Optional<String> stranger(Optional<String> mac, Optional<String> uuid, InetAddress from) {
    return enroller.flatMap(enrols -> enrols.fetches(mac, uuid, from));
  }

  @Override
  public Optional<String> menuToken(String client, InetAddress from) {
    return boots.menuToken(new ClientName(client), from);
  }

  @Override
  public Optional<String> choose(String client, InetAddress from, String token, String image) {
    try {
      boots.choose(new ClientName(client), from, token, image).toCompletableFuture().join();
      return Optional.empty();
    } catch (CompletionException refused) {
      Throwable why = refused.getCause();
      return Optional.of(
          why instanceof TimeoutException || why == null || why.getMessage() == null
              ? "the server is busy: restart the machine"
              : why.getMessage());
    }
  }

  @Override
  public Optional<String> readyUrl(String client) {
    return links.ofFirmware(client);
  }

  /** Who hears of boots, whether there are services before the disk or not. */
  static BootListener boots(Trails trails) {
    return new BootListener() {
      @Override
      public void loggedIn(
          String client,
          boolean firmware,
          String initiator,
          InetAddress from,
          String image,
          Traffic traffic) {
        trails.loggedIn(
            client,
            firmware,
            count(traffic),
            "%s on %s as %s".formatted(from.getHostAddress(), image, initiator));
      }

      @Override
      public void firstRead(String client, long generation) {
        trails.took(client, generation, Step.FIRST_READ, "");
      }

      @Override
      public void firstWrite(String client, long generation) {
        trails.took(client, generation, Step.READY, Trail.FIRST_WRITE);
      }

      @Override
      public void left(String client, long generation, String why) {
        trails.left(client, generation, why);
      }
    };
  }

  /** What a client's boot has moved until now. */
  static Optional<Count> counted(BootAdmission boots, String client) {
    try {
      return boots.traffic(new ClientName(client)).map(BootWatch::count);
    } catch (InvalidClientException e) {
      return Optional.empty(); // somebody else's file among the records
    }
  }

  private static Count count(Traffic traffic) {
    return new Count(traffic.generation(), traffic.readBytes(), traffic.writtenBytes());
  }
}
