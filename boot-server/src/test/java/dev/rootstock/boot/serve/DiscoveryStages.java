// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.discovery.DiscoveryStage;
import dev.rootstock.boot.discovery.IsnsSearch;
import dev.rootstock.boot.discovery.SlpSearch;
import dev.rootstock.boot.discovery.TargetSearch;
import dev.rootstock.boot.isns.IsnsServer;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A program for DiscoveryStagesIT: a boot client in a network namespace of its own, which has a
 * root path without a server from its DHCP stage, asks SLP and then iSNS where its target is, and
 * logs in there (RFC 4173 §5 to §7). Its arguments: interface, server, root path, initiator name.
 */
final class DiscoveryStages {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private DiscoveryStages() {}

  public static void main(String[] arguments) throws Exception {
    RootPath path = RootPath.parse(arguments[2]);
    Optional<String> initiator = Optional.of(arguments[3]);
    TargetSearch slp =
        new SlpSearch(
            List.of("DEFAULT"),
            Optional.empty(),
            List.of(NetworkInterface.getByName(arguments[0])));
    TargetSearch isns =
        new IsnsSearch(new InetSocketAddress(InetAddress.ofLiteral(arguments[1]), IsnsServer.PORT));
    boot("slp", DiscoveryStage.complete(path, initiator, slp), arguments[3]);
    boot("isns", DiscoveryStage.complete(path, initiator, isns), arguments[3]);
    // Without a target's name as well (RFC 4173 §6): the first that this initiator may have.
    System.out.println("query4 " + slp.find(new TargetSearch.Wanted(initiator, Optional.empty())));
  }

  private static void boot(String way, List<RootPath> paths, String initiator) throws Exception {
    for (RootPath path : paths) {
      InetSocketAddress portal =
          new InetSocketAddress(
              InetAddress.ofLiteral(path.server().orElseThrow().text()), path.portOrDefault());
      LoginOptions login = LoginOptions.normal(initiator, path.target().value());
      try (Initiator session = Initiator.login(portal, login, PATIENCE)) {
        // The first command of a session hears of the power-on (SAM-5 §5.14).
        session.readBlocks(0, 0, 1);
        byte[] first = session.readBlocks(0, 0, 1).data();
        System.out.println(
            way
                + " found "
                + path
                + " which begins with "
                + HexFormat.of().formatHex(first, 0, 16));
        session.logout();
      }
    }
  }
}
