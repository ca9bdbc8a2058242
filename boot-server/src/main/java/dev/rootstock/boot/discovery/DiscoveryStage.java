// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.dhcp.RootPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The discovery service stage (RFC 4173 §6): from a root path that names no server to root paths
 * that do, which the boot stage tries one after the other.
 */
public final class DiscoveryStage {
  private DiscoveryStage() {}

  /**
   * The root paths to boot from. A path with a server is complete as it is. Where the port that a
   * path states is not the one that was found, both are tried, the found one first.
   *
   * @return none where nobody knows the target
   */
  public static List<RootPath> complete(
      RootPath path, Optional<String> initiator, TargetSearch search) throws IOException {
    if (path.server().isPresent()) {
      return List.of(path);
    }
    List<RootPath> paths = new ArrayList<>();
    TargetSearch.Wanted wanted = new TargetSearch.Wanted(initiator, Optional.of(path.target()));
    for (FoundTarget target : search.find(wanted)) {
      if (target.name().equals(path.target())) {
        for (FoundTarget.Portal portal : target.portals()) {
          paths.add(RootPath.of(portal.host(), portal.port(), path.lun(), path.target()));
          if (path.port().isPresent() && path.port().getAsInt() != portal.port()) {
            paths.add(
                RootPath.of(portal.host(), path.port().getAsInt(), path.lun(), path.target()));
          }
        }
      }
    }
    return paths;
  }
}
