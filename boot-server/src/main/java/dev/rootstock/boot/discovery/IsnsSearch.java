// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.isns.IsnsClient;
import dev.rootstock.dhcp.ServerName;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/**
 * A query of an iSNS server (RFC 4173 §6, RFC 4171 §5.6.5.2).
 *
 * @param server where it listens
 */
public record IsnsSearch(InetSocketAddress server) implements TargetSearch {

  @Override
  public String asked() {
    return "the iSNS server at "
        + ServerName.of(server.getAddress()).text()
        + ":"
        + server.getPort();
  }

  @Override
  public List<FoundTarget> find(Wanted wanted) throws IOException {
    List<IsnsClient.Found> found;
    try {
      found =
          new IsnsClient(server, Limits.DISCOVER_TIME)
              .targets(wanted.initiator().orElse(SendTargetsSearch.NAME), wanted.target());
    } catch (IOException e) {
      throw new IOException(
          "%s cannot be asked: %s".formatted(asked(), e.getMessage() == null ? e : e.getMessage()),
          e);
    }
    return FoundTarget.grouped(
        found.stream()
            .map(
                each ->
                    Map.entry(
                        each.target(),
                        new FoundTarget.Portal(
                            ServerName.of(each.portal().getAddress()),
                            each.portal().getPort(),
                            each.group())))
            .toList());
  }
}
