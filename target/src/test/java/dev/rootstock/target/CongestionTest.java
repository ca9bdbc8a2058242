// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf("io.netty.channel.epoll.Epoll#isAvailable")
class CongestionTest {
  private final CompletableFuture<String> accepted = new CompletableFuture<>();
  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private Channel listening;

  @BeforeEach
  void listen() {
    listening =
        new ServerBootstrap()
            .group(loops)
            .channel(EpollServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted.complete(Congestion.name(channel));
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
  }

  @AfterEach
  void stop() {
    loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private void use(String name) {
    boolean allowed = true;
    try {
      listening.config().setOption(Congestion.NAME, Congestion.bytes(name));
    } catch (ChannelException refused) {
      allowed = false;
    }
    // The kernel's and its administrator's matter: no package that a test may install brings one.
    assumeTrue(allowed, "this machine has no " + name);
  }

  private String ofAConnection() throws Exception {
    InetSocketAddress address = (InetSocketAddress) listening.localAddress();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      assertEquals(address, socket.getRemoteSocketAddress());
      return accepted.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatPacesIsReplaced() throws Exception {
    use("cubic"); // whether it may be taken at all
    use("bbr");
    Congestion.unpaced(listening);
    assertEquals("cubic", ofAConnection());
  }

  @Test
  void whatDoesNotPaceStays() throws Exception {
    use("reno");
    Congestion.unpaced(listening);
    assertEquals("reno", ofAConnection());
  }
}
