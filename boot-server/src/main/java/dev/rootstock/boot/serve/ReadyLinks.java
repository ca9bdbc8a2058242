// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.script.ReadyRoute;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.ServerName;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Where machines say that they are ready. The port is known when HTTP listens, and there are none
 * before.
 */
final class ReadyLinks {
  private final Trails trails;
  private final InetAddress server;
  private volatile int port;

  ReadyLinks(Trails trails, InetAddress server) {
    this.trails = trails;
    this.server = server;
  }

  /** HTTP listens there. */
  void reachedBy(int httpPort) {
    port = httpPort;
  }

  /** For a client whose firmware fetches its script. */
  Optional<String> ofFirmware(String client) {
    return trails.firmwareToken(client).flatMap(this::url);
  }

  /** For a client whose operating system asks. */
  Optional<String> ofSystem(String client) {
    return trails.systemToken(client).flatMap(this::url);
  }

  private Optional<String> url(String token) {
    return port == 0
        ? Optional.empty()
        : Optional.of(
            "http://%s:%d%s".formatted(ServerName.of(server).text(), port, ReadyRoute.path(token)));
  }
}
