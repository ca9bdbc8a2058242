// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryGauge;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Bounds connections: in all, before their login in all, and before their login by address, so that
 * strangers cannot take the places of clients. A discovery session stays a stranger. Safe for all
 * threads.
 */
public final class Doorkeeper {
  private final MemoryGauge memory;
  private final Map<InetAddress, Integer> beforeLogin = new HashMap<>();
  private int strangers;
  private int connections;

  public Doorkeeper(MemoryGauge memory) {
    this.memory = memory;
  }

  /**
   * Lets a connection in, if there is a place for it; it gives the place up when it closes.
   *
   * @return what to run when it has logged in, or nothing when it has to be closed
   */
  public Optional<Runnable> admit(Channel channel) {
    InetAddress address = ((InetSocketAddress) channel.remoteAddress()).getAddress();
    synchronized (this) {
      if (connections >= Limits.CONNECTIONS
          || strangers >= Limits.CONNECTIONS_BEFORE_LOGIN
          || beforeLogin.getOrDefault(address, 0) >= Limits.CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS
          || memory.tight()) {
        return Optional.empty();
      }
      connections++;
      strangers++;
      beforeLogin.merge(address, 1, Integer::sum);
    }
    Runnable known = once(() -> noStranger(address));
    var _ =
        channel
            .closeFuture()
            .addListener(
                _ -> {
                  known.run();
                  gone();
                });
    return Optional.of(known);
  }

  private synchronized void noStranger(InetAddress address) {
    strangers--;
    beforeLogin.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
  }

  private synchronized void gone() {
    connections--;
  }

  /** Both callers run on the channel's event loop. */
  private static Runnable once(Runnable action) {
    boolean[] ran = {false};
    return () -> {
      if (!ran[0]) {
        ran[0] = true;
        action.run();
      }
    };
  }
}
