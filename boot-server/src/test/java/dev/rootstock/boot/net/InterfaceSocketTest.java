// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterfaceSocketTest {

  /** A thousand machines that start together send more than the kernel's default holds. */
  @Test
  void moreMayWaitThanTheKernelHoldsByItself() throws Exception {
    IoEventLoopGroup loop = InterfaceSocket.newEventLoop("test");
    try (DatagramSocket plain = new DatagramSocket()) {
      EpollDatagramChannel channel =
          InterfaceSocket.open(
              loop, "test", "lo", Inet4Address.ofLiteral("127.0.0.1"), 0, 512, new Nothing());
      int bytes = channel.config().getOption(ChannelOption.SO_RCVBUF);
      assertTrue(
          bytes > plain.getReceiveBufferSize(), bytes + " of " + plain.getReceiveBufferSize());
    } finally {
      loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  /** Reads nothing out of what comes. */
  private static final class Nothing extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      // Nobody sends.
    }
  }
}
