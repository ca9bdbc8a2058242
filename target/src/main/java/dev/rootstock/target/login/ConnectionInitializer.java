// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.session.Sessions;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.PduFramer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a connection through a portal begins with: a framer and a login. */
public final class ConnectionInitializer extends ChannelInitializer<Channel> {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectionInitializer.class);

  /** What the connections through all portals share. */
  public static final class Shared {
    private final Sessions sessions;
    private final Challenges challenges = new Challenges();
    private final Doorkeeper doorkeeper;
    private final ChannelGroup connections;
    private final Duration loginTimeout;

    public Shared(
        Sessions sessions, Doorkeeper doorkeeper, ChannelGroup connections, Duration loginTimeout) {
      this.sessions = sessions;
      this.doorkeeper = doorkeeper;
      this.connections = connections;
      this.loginTimeout = loginTimeout;
    }
  }

  private final Shared shared;
  private final int portalGroup;

  /**
   * Makes the initializer of a portal's connections.
   *
   * @param portalGroup the tag of the portal's group
   */
  public ConnectionInitializer(Shared shared, int portalGroup) {
    this.shared = shared;
    this.portalGroup = portalGroup;
  }

  @Override
  protected void initChannel(Channel channel) {
    Optional<Runnable> place = shared.doorkeeper.admit(channel);
    if (place.isEmpty()) {
      LOG.debug("no place for a connection from {}", channel.remoteAddress());
      var _ = channel.close();
      return;
    }
    shared.connections.add(channel);
    channel
        .pipeline()
        .addLast("framer", new PduFramer(InitiatorPdu::decode, Limits.LOGIN_DATA_SEGMENT))
        .addLast(
            "login",
            new LoginHandler(
                shared.sessions, portalGroup, shared.challenges, shared.loginTimeout, place.get()));
  }
}
