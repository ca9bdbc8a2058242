// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.boots.TargetVisibility;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.isns.IsnsTargets;
import dev.rootstock.boot.slp.SlpAccess;
import dev.rootstock.boot.slp.SlpTarget;
import dev.rootstock.boot.slp.SlpTargets;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.target.Portal;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What discovery tells of targets, out of the registry. Nothing here waits.
 *
 * @param portals where the targets are, as clients reach them, each with its portal group; at least
 *     one
 */
record TargetDirectory(Identities identities, TargetVisibility visibility, List<Portal> portals)
    implements SlpTargets, IsnsTargets {

  TargetDirectory {
    portals = List.copyOf(portals);
  }

  /**
   * The disk of the machine at that address first, lest it is cut off; then what it names; then
   * those that are open to all, up to {@link Limits#OPEN_CLIENTS_TOLD}.
   */
  @Override
  public List<SlpTarget> visibleTo(Inet4Address source, Named named) {
    return Stream.of(
            visibility.toAddress(source).stream(),
            named.targets().stream().flatMap(name -> visibility.named(name, source).stream()),
            named.initiators().stream()
                .flatMap(
                    name -> visibility.toStranger(name, source, Limits.OPEN_CLIENTS_TOLD).stream()),
            visibility.toAnybody(Limits.OPEN_CLIENTS_TOLD).stream())
        .flatMap(found -> found)
        .distinct()
        .flatMap(this::atPortals)
        .toList();
  }

  @Override
  public List<SlpTarget> toldToEverybody() {
    return visibility.toAnybody(Limits.OPEN_CLIENTS_TOLD).stream()
        .flatMap(this::atPortals)
        .toList();
  }

  @Override
  public boolean owns(String targetName) {
    return identities.clientOf(targetName).isPresent();
  }

  /** What a discovery session by that name would be told without a proof, and what is named. */
  @Override
  public List<Target> visibleTo(String initiator, InetAddress address, Set<String> named) {
    return Stream.concat(
            named.stream().flatMap(name -> visibility.named(name, address).stream()),
            visibility.toStranger(initiator, address, Limits.OPEN_CLIENTS_TOLD).stream())
        .distinct()
        .map(
            each ->
                new Target(
                    new IscsiName(identities.target(each.client().name())),
                    each.client().name().value()))
        .toList();
  }

  /** RFC 4018 §4.1: a target is told of once for each address that it is reached by. */
  private Stream<SlpTarget> atPortals(Registration registration) {
    return portals.stream().map(portal -> target(registration, portal));
  }

  private SlpTarget target(Registration registration, Portal portal) {
    return new SlpTarget(
        new IscsiName(identities.target(registration.client().name())),
        ServerName.of(portal.address().getAddress()),
        portal.address().getPort(),
        portal.group(),
        new SlpAccess(
            visibility.initiators(registration),
            visibility.boundTo(registration).map(InetAddress::getHostAddress).stream().toList(),
            visibility.credentials(registration)));
  }
}
