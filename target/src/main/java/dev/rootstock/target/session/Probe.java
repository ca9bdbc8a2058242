// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.TargetSession.Liveness;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether a session's other end lives.
 *
 * <p>An initiator that has pinged us can answer a ping. One that has not may be firmware, which
 * drops the connection when it reads a NOP-In; it is asked by TCP alone: keepalive is switched on
 * for the time of the probe, and an acknowledgement or a reset tells. The count of probes is as
 * high as the kernel allows, so that silence never ends a connection: in BIOS iPXE runs inside INT
 * 13 only, and a machine that waits in its boot menu acknowledges nothing.
 */
final class Probe {
  private static final int STEP_MILLIS = 100;

  /** The kernel's greatest TCP_KEEPCNT; with one second between them, longer than any probe. */
  private static final int KEEPALIVE_PROBES = 127;

  private final Connection connection;
  private final Channel channel;
  private final CompletableFuture<Liveness> found;
  private final long begun = System.nanoTime();
  private final long limitNanos;
  private final long receivedBefore;

  Probe(Connection connection, Duration limit, CompletableFuture<Liveness> found) {
    this.connection = connection;
    this.channel = connection.channel();
    this.found = found;
    this.limitNanos = Math.min(limit.toNanos(), TimeUnit.SECONDS.toNanos(KEEPALIVE_PROBES / 2));
    this.receivedBefore = connection.received();
  }

  /** Asks all connections of a session: it lives if one of them does. */
  static void all(List<Connection> connections, Duration limit, CompletableFuture<Liveness> found) {
    if (connections.isEmpty()) {
      found.complete(Liveness.DEAD);
      return;
    }
    List<Liveness> silent = new ArrayList<>();
    for (Connection connection : connections) {
      CompletableFuture<Liveness> one = new CompletableFuture<>();
      var _ =
          one.thenAccept(
              liveness -> {
                silent.add(liveness);
                if (liveness == Liveness.ALIVE) {
                  found.complete(liveness);
                } else if (silent.size() == connections.size()) {
                  found.complete(
                      silent.contains(Liveness.SILENT) ? Liveness.SILENT : Liveness.DEAD);
                }
              });
      new Probe(connection, limit, one).begin();
    }
  }

  void begin() {
    if (connection.answersPings()) {
      connection.ping();
    } else if (channel instanceof EpollSocketChannel) {
      var _ =
          channel.config().setOption(EpollChannelOption.TCP_KEEPIDLE, 1)
              && channel.config().setOption(EpollChannelOption.TCP_KEEPINTVL, 1)
              && channel.config().setOption(EpollChannelOption.TCP_KEEPCNT, KEEPALIVE_PROBES)
              && channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
    }
    step();
  }

  private void step() {
    long elapsed = System.nanoTime() - begun;
    if (!channel.isActive()) {
      end(Liveness.DEAD);
    } else if (connection.received() != receivedBefore || acknowledgedWithin(elapsed)) {
      end(Liveness.ALIVE);
    } else if (elapsed >= limitNanos) {
      end(connection.answersPings() ? Liveness.DEAD : Liveness.SILENT);
    } else {
      var _ = channel.eventLoop().schedule(this::step, STEP_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** Whether TCP has had an acknowledgement since the probe began. */
  private boolean acknowledgedWithin(long nanos) {
    return !connection.answersPings()
        && channel instanceof EpollSocketChannel epoll
        && epoll.tcpInfo().lastAckRecv() < TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  private void end(Liveness liveness) {
    if (channel.isActive() && !connection.answersPings()) {
      channel.config().setOption(ChannelOption.SO_KEEPALIVE, false);
    }
    found.complete(liveness);
  }
}
