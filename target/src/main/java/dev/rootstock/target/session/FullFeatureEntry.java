// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.wire.Limits;
import io.netty.channel.ChannelHandlerContext;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * How connections enter the full feature phase of a session (RFC 7143 §6.3.1, §6.3.4): the leading
 * one, which opens it, and those that join it.
 */
final class FullFeatureEntry {
  private static final Logger LOG = LoggerFactory.getLogger(FullFeatureEntry.class);

  private final Session session;
  private final Connections connections;
  private final Recovery recovery;
  private final Ending ending;

  /** What the leading login has agreed on about data, for connections that join later. */
  private @Nullable TransferParameters transfers;

  private @Nullable Future<?> discoveryEnd;

  FullFeatureEntry(Session session, Connections connections, Recovery recovery, Ending ending) {
    this.session = session;
    this.connections = connections;
    this.recovery = recovery;
    this.ending = ending;
  }

  /**
   * Makes room for a connection that joins (RFC 7143 §6.3.1): one that has its CID is logged out
   * implicitly, and no command of it that was not kept can reach a disk afterwards. On the
   * session's loop.
   *
   * @param then told at the end that it may enter, at once, or why it may not
   */
  void makeRoom(int cid, Consumer<Optional<LoginStatus>> then) {
    if (!session.isJoinable()) {
      then.accept(Optional.of(LoginStatus.SESSION_DOES_NOT_EXIST));
    } else if (recovery.holds(cid)) {
      // Again afterwards: another login may have been faster.
      recovery.reinstate(cid, () -> makeRoom(cid, then));
    } else if (connections.live().size() >= session.agreed().maxConnections()) {
      then.accept(Optional.of(LoginStatus.TOO_MANY_CONNECTIONS));
    } else {
      then.accept(Optional.empty());
      if (connections.isEmpty()) {
        recovery.closed("its only connection was to be reinstated, and was not");
      }
    }
  }

  /**
   * Begins the full feature phase of a connection, the leading one or one that {@link #makeRoom}
   * has let in.
   *
   * @return the connection, or null when the session has been closed meanwhile
   */
  @Nullable Connection enter(
      ChannelHandlerContext ctx, int cid, int nextStatSn, TransferParameters parameters) {
    if (session.isGranted()) {
      return open(ctx, cid, nextStatSn, parameters);
    }
    TransferParameters leading = transfers;
    if (!session.isOpen() || leading == null) {
      var _ = ctx.close();
      return null;
    }
    Connection joining =
        new Connection(session, ctx, cid, nextStatSn, leading.ofConnection(parameters));
    connections.add(joining);
    recovery.joined();
    LOG.info(
        "{} has joined {} by connection {}", session.initiatorName(), session.key().node(), cid);
    return joining;
  }

  private @Nullable Connection open(
      ChannelHandlerContext ctx, int cid, int nextStatSn, TransferParameters parameters) {
    ending.open();
    transfers = parameters;
    Connection leading = new Connection(session, ctx, cid, nextStatSn, parameters);
    connections.add(leading);
    Admission.Lease lease = session.lease();
    if (lease == null) {
      // It needs no credentials, so that it may not keep a place for long.
      discoveryEnd =
          session.timer(
              () -> session.close("a discovery session has its time"),
              Limits.DISCOVERY_MILLIS,
              TimeUnit.MILLISECONDS);
    } else {
      try {
        session.attach(lease);
      } catch (RuntimeException e) {
        LOG.error("the disks of {} cannot be served", session.key().node(), e);
        var _ = session.close("its logical units cannot be served: " + e.getMessage());
        return null;
      }
    }
    // Discovery is for strangers, whose lines would fill the disk.
    LOG.atLevel(session.isDiscovery() ? Level.DEBUG : Level.INFO)
        .log(
            "{} has logged in to {} from {}",
            session.initiatorName(),
            session.key().node(),
            session.initiator());
    return leading;
  }

  /** Nobody enters any more. */
  void close() {
    Future<?> timer = discoveryEnd;
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
