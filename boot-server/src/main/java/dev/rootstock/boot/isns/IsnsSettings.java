// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.target.Portal;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What the server is to do.
 *
 * @param listen where it takes connections; port 0 takes a free one
 * @param portals where all targets are, as clients reach them: at least one
 * @param entity the name of the network entity that they are in, at most 255 bytes
 */
public record IsnsSettings(InetSocketAddress listen, List<Portal> portals, String entity) {

  public IsnsSettings {
    portals = List.copyOf(portals);
    if (portals.isEmpty()) {
      throw new IllegalArgumentException("targets without a portal");
    }
  }
}
