// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.dhcp.DhcpServer.Traffic;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One socket's packets: to the responder and back. No packet, however wrong, ends it. */
final class DhcpHandler extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final Logger log = LoggerFactory.getLogger(DhcpHandler.class);

  private final Responder responder;
  private final DhcpSubnet subnet;
  private final int port;
  private final Traffic traffic;
  private final OnceLog once;

  DhcpHandler(Responder responder, DhcpSubnet subnet, int port, Traffic traffic, OnceLog once) {
    this.port = port;
    this.responder = responder;
    this.subnet = subnet;
    this.traffic = traffic;
    this.once = once;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket datagram) {
    traffic.received.increment();
    try {
      DhcpPacket packet = DhcpCodec.decode(ByteBufUtil.getBytes(datagram.content()));
      carryOut(ctx.channel(), packet, responder.decide(packet, subnet, way(datagram)));
    } catch (MalformedDhcpException e) {
      traffic.malformed.increment();
      log.debug(
          "{}: ignored from {}: {}", subnet.interfaceName(), datagram.sender(), e.getMessage());
    }
  }

  private Responder.Way way(DatagramPacket datagram) {
    InetSocketAddress sender = datagram.sender();
    return new Responder.Way(port, sender.getAddress(), sender.getPort());
  }

  private void carryOut(Channel channel, DhcpPacket request, Decision decision) {
    switch (decision) {
      case Silence silence ->
          log.debug(
              "{}: no answer to {} of {}: {}",
              subnet.interfaceName(),
              request.xidText(),
              request.chaddr(),
              silence.reason());
      case Answer answer -> send(channel, answer);
      case AnswerWhenBound later ->
          later
              .bound()
              .whenCompleteAsync(
                  (bound, failure) -> {
                    if (failure == null) {
                      send(channel, later.answer());
                    } else {
                      // The client asks again by itself, and gets the next free address.
                      once.warn(
                          AddressPool.Binding.failure(
                              later.answer().packet().yiaddr(),
                              request.chaddr(),
                              failure instanceof CompletionException && failure.getCause() != null
                                  ? failure.getCause()
                                  : failure));
                    }
                  },
                  channel.eventLoop());
    }
  }

  private void send(Channel channel, Answer answer) {
    if (!channel.isWritable()) {
      log.debug("{}: the socket is full, an answer is dropped", subnet.interfaceName());
      return;
    }
    traffic.answered.increment();
    log.debug(
        "{}: {} to {} at {}:{}",
        subnet.interfaceName(),
        answer.packet().xidText(),
        answer.packet().chaddr(),
        answer.to().getHostAddress(),
        answer.port());
    byte[] bytes = DhcpCodec.encode(answer.packet());
    channel
        .writeAndFlush(
            new DatagramPacket(
                Unpooled.wrappedBuffer(bytes), new InetSocketAddress(answer.to(), answer.port())))
        .addListener(
            sent -> {
              if (!sent.isSuccess()) {
                once.warn(
                    subnet.interfaceName()
                        + ": sending to "
                        + answer.to().getHostAddress()
                        + " failed: "
                        + sent.cause().getMessage());
              }
            });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // The socket goes on: one packet that we fail at must not stop the others.
    once.warn(subnet.interfaceName() + ": a packet could not be handled: " + cause);
    log.debug("the packet's failure", cause);
  }
}
