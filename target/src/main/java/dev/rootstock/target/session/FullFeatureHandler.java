// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Feeds a session with the PDUs of one connection; the login handler gives way to it. */
public final class FullFeatureHandler extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(FullFeatureHandler.class);

  private final Session session;
  private final int cid;
  private final int nextStatSn;
  private final TransferParameters parameters;
  private @Nullable Connection connection;

  public FullFeatureHandler(
      Session session, int cid, int nextStatSn, TransferParameters parameters) {
    this.session = session;
    this.cid = cid;
    this.nextStatSn = nextStatSn;
    this.parameters = parameters;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    connection = session.open(ctx, cid, nextStatSn, parameters);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    InitiatorPdu pdu = (InitiatorPdu) message;
    Connection from = connection;
    try {
      if (from != null) {
        session.receive(from, pdu);
      }
    } finally {
      pdu.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Connection own = connection;
    if (own != null) {
      own.endBurst();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Connection own = connection;
    if (own != null) {
      own.writabilityChanged();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    var _ = session.close("the connection was closed");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      // A reset is how firmware ends its session.
      case IOException reset -> {
        LOG.debug("connection of {}: {}", session.initiatorName(), reset.getMessage());
        var _ = session.close("the connection failed: " + reset.getMessage());
      }
      // §7.7: a format error ends the session.
      case MalformedPduException malformed -> {
        var _ = session.close("format error: " + malformed.getMessage());
      }
      default -> {
        LOG.error("session of {} fails by a fault of ours", session.initiatorName(), cause);
        var _ = session.close("internal error");
      }
    }
  }
}
