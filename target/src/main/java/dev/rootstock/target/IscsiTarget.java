// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.target.login.ConnectionInitializer;
import dev.rootstock.target.login.Doorkeeper;
import dev.rootstock.target.session.Portals;
import dev.rootstock.target.session.Sessions;
import dev.rootstock.target.session.Waits;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import dev.rootstock.target.wire.MemoryGauge;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running iSCSI target. All methods may be called from any thread. */
public final class IscsiTarget implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IscsiTarget.class);
  private static final int BACKLOG = 256;
  private static final int CLOSE_SECONDS = 10;

  private final EventLoopGroup loops;
  private final Portals portals;
  private final Sessions sessions;
  private final Doorkeeper doorkeeper;
  private final List<Channel> listening = new ArrayList<>();

  /** All that were accepted; one that comes after the group was closed is closed at once. */
  private final ChannelGroup connections =
      new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);

  private IscsiTarget(TargetSettings settings, Admission admission, Waits waits) {
    SelectStrategyFactory idle =
        settings.spin().isZero()
            ? DefaultSelectStrategyFactory.INSTANCE
            : () -> new SpinStrategy(settings.spin());
    IoHandlerFactory io =
        Epoll.isAvailable()
            ? EpollIoHandler.newFactory(0, idle)
            : NioIoHandler.newFactory(SelectorProvider.provider(), idle);
    loops =
        new MultiThreadIoEventLoopGroup(
            settings.eventLoops(), new DefaultThreadFactory("iscsi", true), io);
    long most = Runtime.getRuntime().maxMemory();
    doorkeeper =
        new Doorkeeper(
            new MemoryGauge(
                PooledByteBufAllocator.DEFAULT::pinnedDirectMemory,
                (long) (most * Limits.MEMORY_SHARE)));
    portals = new Portals(settings.portals());
    sessions =
        new Sessions(
            admission,
            new MemoryBudget(
                (long) (most * Limits.TRANSFER_SHARE), (long) (most * Limits.RESERVE_SHARE)),
            portals,
            waits);
  }

  /**
   * Starts to listen on all addresses of the settings.
   *
   * @throws IOException when one of them cannot be had, with a message of one line that says which
   *     and what to do; nothing listens then
   */
  public static IscsiTarget start(TargetSettings settings, Admission admission) throws IOException {
    return start(settings, admission, Waits.NORMAL);
  }

  static IscsiTarget start(TargetSettings settings, Admission admission, Waits waits)
      throws IOException {
    IscsiTarget target = new IscsiTarget(settings, admission, waits);
    try {
      target.listen(settings);
      return target;
    } catch (IOException | RuntimeException e) {
      target.close();
      throw e;
    }
  }

  private void listen(TargetSettings settings) throws IOException {
    Class<? extends ServerChannel> type =
        Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(type)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            // Not Netty's default: it was measured to halve the speed of large reads.
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(Limits.OUTBOUND_LOW, Limits.OUTBOUND_HIGH));
    ConnectionInitializer.Shared shared =
        new ConnectionInitializer.Shared(
            sessions, doorkeeper, connections, settings.loginTimeout());
    for (Portal portal : settings.portals()) {
      InetSocketAddress address = portal.address();
      var bound =
          bootstrap
              .clone()
              .childHandler(new ConnectionInitializer(shared, portal.group()))
              .bind(address)
              .awaitUninterruptibly();
      if (!bound.isSuccess()) {
        Throwable cause = bound.cause();
        throw new IOException(
            "cannot listen for iSCSI on %s:%d: %s; stop what uses this address, or choose another"
                .formatted(
                    address.getHostString(),
                    address.getPort(),
                    cause == null ? "cancelled" : cause.getMessage()),
            cause);
      }
      if (!settings.pacing() && Epoll.isAvailable()) {
        Congestion.unpaced(bound.channel());
      }
      listening.add(bound.channel());
      portals.listening(
          new Portal((InetSocketAddress) bound.channel().localAddress(), portal.group()));
    }
  }

  /** The addresses that it listens on, with the ports that port 0 became. */
  public List<InetSocketAddress> addresses() {
    return listening.stream().map(channel -> (InetSocketAddress) channel.localAddress()).toList();
  }

  /** What it listens on, as the settings name it, with the ports that port 0 became. */
  public List<Portal> portals() {
    return portals.listening();
  }

  /** The sessions of a target that are in the full feature phase now. */
  public List<TargetSession> sessions(String targetName) {
    return sessions.open(targetName);
  }

  /**
   * Closes the sessions of a target whose lease's generation is {@code generation} or less. A
   * session counts from the moment that {@link Admission#admit} completes with its grant.
   *
   * @param reason one sentence for the log
   * @return completes when no command of any of these sessions can reach its disk any more; never
   *     fails
   */
  public CompletionStage<Void> revoke(String targetName, long generation, String reason) {
    return sessions.revoke(targetName, generation, reason);
  }

  /**
   * Stops listening and asks all initiators to log out. Only those can be asked that have sent a
   * ping, as operating systems do; the sessions of others, firmware's among them, are closed at
   * once. To be followed by {@link #close}.
   *
   * @param seconds after which the sessions that have not logged out are closed, 1 to 65535
   * @return completes when there is no session any more; never fails
   */
  public CompletionStage<Void> drain(int seconds) {
    if (seconds < 1 || seconds > 0xFFFF) {
      throw new IllegalArgumentException(seconds + " seconds");
    }
    listening.forEach(channel -> channel.close().awaitUninterruptibly());
    return sessions.drain(seconds);
  }

  /**
   * Stops listening, closes all sessions, and waits, 10 seconds at most, until none of their
   * commands can reach a disk.
   */
  @Override
  public void close() {
    listening.forEach(channel -> channel.close().awaitUninterruptibly());
    try {
      sessions.closeAll().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.warn("commands are still under way after {} seconds", CLOSE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      LOG.error("a session could not be closed", e.getCause());
    }
    // Those that are still logging in; what policy grants them from now on is closed at once.
    connections.close().awaitUninterruptibly();
    loops.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
