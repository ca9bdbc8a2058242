// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.Pdu;
import dev.rootstock.target.wire.CorruptData;
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
    connection = session.enter(ctx, cid, nextStatSn, parameters);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Connection from = connection;
    Pdu pdu = message instanceof CorruptData(Pdu bad) ? bad : (Pdu) message;
    try {
      if (from == null) {
        return;
      }
      if (message instanceof CorruptData) {
        session.receiveCorrupt(from, (InitiatorPdu) pdu);
      } else {
        session.receive(from, (InitiatorPdu) pdu);
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
    lost("the connection was closed");
  }

  private void lost(String why) {
    Connection own = connection;
    if (own != null) {
      session.lost(own, why);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      // A reset is how firmware ends its session; a bad header digest counts as one (§7.8).
      case IOException reset -> {
        LOG.debug("connection of {}: {}", session.initiatorName(), reset.getMessage());
        lost("the connection failed: " + reset.getMessage());
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
