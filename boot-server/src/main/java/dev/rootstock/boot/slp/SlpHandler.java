// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.OnceLog;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.Inet4Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One socket's datagrams: to the responder and back. None, however wrong, ends it. */
final class SlpHandler extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final Logger log = LoggerFactory.getLogger(SlpHandler.class);

  private final SlpResponder responder;
  private final SlpNetwork network;
  private final OnceLog once;
  private final Hearer hearer;

  /** Takes what is no request. */
  @FunctionalInterface
  interface Hearer {
    void heard(byte[] message, Inet4Address source, SlpNetwork network);
  }

  SlpHandler(SlpResponder responder, Hearer hearer, SlpNetwork network, OnceLog once) {
    this.responder = responder;
    this.hearer = hearer;
    this.network = network;
    this.once = once;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket datagram) {
    if (!(datagram.sender().getAddress() instanceof Inet4Address source)) {
      return;
    }
    boolean toUs = network.address().equals(datagram.recipient().getAddress());
    byte[] message = ByteBufUtil.getBytes(datagram.content());
    if (SlpHeader.isAnswer(message)) {
      hearer.heard(message, source, network);
      return;
    }
    responder
        .answer(message, source, toUs, network)
        .filter(answer -> ctx.channel().isWritable())
        .ifPresent(
            answer ->
                ctx.writeAndFlush(
                        new DatagramPacket(Unpooled.wrappedBuffer(answer), datagram.sender()))
                    .addListener(
                        sent -> {
                          if (!sent.isSuccess()) {
                            once.warn(
                                network.interfaceName()
                                    + ": an SLP answer could not be sent: "
                                    + sent.cause());
                          }
                        }));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // The socket goes on: one datagram that we fail at must not stop the others.
    once.warn(network.interfaceName() + ": an SLP datagram could not be handled: " + cause);
    log.debug("the datagram's failure", cause);
  }
}
