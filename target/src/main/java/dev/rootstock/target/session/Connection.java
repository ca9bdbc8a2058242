// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.command.Allegiance;
import dev.rootstock.target.command.ReadTask;
import dev.rootstock.target.command.Task;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.command.Unacknowledged;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.Nexus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.PduFramer;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a session, in the full feature phase: its status numbers, what it sends, and
 * whether it still is one (RFC 7143 §4.2.2.2, §4.2.5.1).
 */
final class Connection implements Allegiance {
  private final Session session;
  private final ChannelHandlerContext ctx;
  private final PduFramer framer;
  private final PduWriter writer;
  private final TextExchange text;
  private final int cid;
  private final Outgoing outgoing;
  private TransferParameters parameters;
  private int statSn;
  private boolean inBurst;
  private boolean flushScheduled;
  private boolean sentPing;
  private @Nullable Heartbeat heartbeat;
  private boolean leaving;
  private boolean suspended;
  private long received;

  /** The last ExpStatSN: all statuses before it have arrived. */
  private int acknowledged;

  /** None at recovery level 0. */
  private final @Nullable Unacknowledged unacknowledged;

  Connection(
      Session session,
      ChannelHandlerContext ctx,
      int cid,
      int nextStatSn,
      TransferParameters parameters) {
    this.session = session;
    this.ctx = ctx;
    this.framer = ctx.pipeline().get(PduFramer.class);
    this.writer = new PduWriter(ctx, parameters.digests());
    this.outgoing = new Outgoing(ctx, writer, session.memory());
    this.text = new TextExchange(session, this);
    this.cid = cid;
    this.statSn = nextStatSn;
    this.acknowledged = nextStatSn;
    this.parameters = parameters;
    this.unacknowledged =
        parameters.errorRecoveryLevel() == 0
            ? null
            : new Unacknowledged(
                this, session.unacknowledged(), session.sessions().unacknowledged(), nextStatSn);
    if (unacknowledged != null) {
      writer.show(unacknowledged);
    }
  }

  Channel channel() {
    return ctx.channel();
  }

  int cid() {
    return cid;
  }

  TextExchange text() {
    return text;
  }

  /** It is logged out, or lost: nothing that comes on it counts any more. */
  void leave() {
    leaving = true;
  }

  boolean isLeaving() {
    return leaving;
  }

  /** Whether the initiator has sent a ping, and so can answer one; firmware cannot. */
  boolean answersPings() {
    return sentPing;
  }

  void hasSentPing() {
    if (!sentPing) {
      sentPing = true;
      Heartbeat beats = new Heartbeat(session, this);
      heartbeat = beats;
      beats.begin();
    }
  }

  /** How many PDUs have come, for those who wait for a sign of life. */
  long received() {
    return received;
  }

  /** A PDU has come; what it is answered with may wait for the end of the burst it is part of. */
  void receiving() {
    received++;
    inBurst = true;
  }

  /**
   * Takes note of an ExpStatSN (RFC 7143 §4.2.2.2).
   *
   * @return whether it acknowledges anything
   */
  boolean acknowledge(int expStatSn) {
    if (unacknowledged != null) {
      unacknowledged.acknowledge(expStatSn);
    }
    if (!SerialNumber.after(expStatSn, acknowledged)) {
      return false;
    }
    acknowledged = expStatSn;
    return true;
  }

  int acknowledged() {
    return acknowledged;
  }

  /** All PDUs of a burst have been gone through. */
  void endBurst() {
    inBurst = false;
    writer.flush();
    if (writer.unsentBytes() > Limits.OUTBOUND_STOP) {
      channel().config().setAutoRead(false);
    }
  }

  /** The channel takes more, or no more. */
  void writabilityChanged() {
    if (!writer.writable()) {
      return;
    }
    channel().config().setAutoRead(true);
    outgoing.writable();
  }

  @Override
  public boolean mayRead(ReadTask task) {
    return !suspended && outgoing.mayRead(task);
  }

  @Override
  public void sending(int bytes) {
    outgoing.sending(bytes);
  }

  @Override
  public boolean mayResend(int bytes) {
    return outgoing.mayResend(bytes);
  }

  @Override
  public @Nullable Unacknowledged unacknowledged() {
    return unacknowledged;
  }

  /** The header of the PDU that is being received (RFC 7143 §11.17.4). */
  ByteBuf header() {
    return framer.header();
  }

  /** Answers the PDU that is being received, which is not taken (RFC 7143 §11.17). */
  void reject(int reason) {
    reject(header(), reason, 0);
  }

  /**
   * Answers a PDU that is not taken.
   *
   * @param header as it came
   * @param dataSn the number that a SNACK might have asked for last (§11.17.2), or 0
   */
  void reject(ByteBuf header, int reason, int dataSn) {
    if (session.isDiscovery()) {
      // §7.4.3: there is no Reject.
      var _ = session.close("a discovery session has sent what is not taken");
      return;
    }
    writer.write(new Reject(reason, takeStatSn(), expCmdSn(), maxCmdSn(), dataSn, header));
    flushSoon();
  }

  /**
   * Tells the initiator of something that it has not asked for (RFC 7143 §11.9); for {@linkplain
   * #answersPings those that can take it}.
   */
  void send(int event, long lun, int parameter1, int parameter2, int parameter3) {
    writer.write(
        new AsyncMessage(
            lun,
            takeStatSn(),
            expCmdSn(),
            maxCmdSn(),
            event,
            0,
            parameter1,
            parameter2,
            parameter3,
            Unpooled.EMPTY_BUFFER));
    flushSoon();
  }

  /** Asks for a sign of life (RFC 7143 §11.19); any answer will do. */
  void ping() {
    sendNop(newTransferTag());
  }

  /** Brings the numbers of now, and wants no answer (RFC 7143 §11.19). */
  void tellNumbers() {
    sendNop(Tag.NONE);
  }

  private void sendNop(int ttt) {
    writer.write(
        new NopIn(0, Tag.NONE, ttt, nextStatSn(), expCmdSn(), maxCmdSn(), Unpooled.EMPTY_BUFFER));
    flushSoon();
  }

  /**
   * Its tasks may be reassigned (RFC 7143 §7.2.2): what they send from now on is kept and goes
   * nowhere. What is written already is still sent.
   */
  void suspend() {
    leave();
    suspended = true;
    writer.flush();
  }

  @Override
  public boolean isSuspended() {
    return suspended;
  }

  /** Whether a response with this tag was sent and is not acknowledged. */
  boolean hasResponse(int itt) {
    return unacknowledged != null && unacknowledged.hasResponse(itt);
  }

  /** A task begins on a connection; what an older one of its tag has left on this one is void. */
  void tagTaken(int itt, Connection by) {
    if (unacknowledged != null && by != this) {
      unacknowledged.begin(itt);
    }
  }

  /** Nobody can ask any more for what has been sent. */
  void dropSent() {
    if (unacknowledged != null) {
      unacknowledged.close();
    }
  }

  /** Sends what is written, then closes; in any case within {@link Limits#LOGOUT_MILLIS}. */
  void closeAfterFlush() {
    leave();
    writer.flush();
    if (suspended) {
      writer.close();
    }
    Runnable force =
        () -> {
          var _ = ctx.close();
        };
    Future<?> timer = ctx.executor().schedule(force, Limits.LOGOUT_MILLIS, TimeUnit.MILLISECONDS);
    var _ = ctx.channel().closeFuture().addListener(_ -> timer.cancel(false));
    var _ = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  void close() {
    leave();
    Heartbeat beats = heartbeat;
    if (beats != null) {
      beats.end();
    }
    writer.close();
    var _ = ctx.close();
    if (!suspended) {
      dropSent();
    }
    outgoing.close();
  }

  @Override
  public PduWriter writer() {
    return writer;
  }

  @Override
  public ByteBufAllocator allocator() {
    return ctx.alloc();
  }

  @Override
  public TransferParameters parameters() {
    return parameters;
  }

  void parameters(TransferParameters changed) {
    parameters = changed;
  }

  @Override
  public int nextStatSn() {
    return statSn;
  }

  @Override
  public int takeStatSn() {
    return statSn++;
  }

  @Override
  public int expCmdSn() {
    return session.expCmdSn();
  }

  @Override
  public int maxCmdSn() {
    return session.maxCmdSn();
  }

  @Override
  public byte[] senseData(long lun, Sense sense) {
    Nexus nexus = session.nexus();
    return nexus == null ? sense.fixedFormat() : nexus.senseData(lun, sense);
  }

  @Override
  public int newTransferTag() {
    return session.newTransferTag();
  }

  @Override
  public void execute(Runnable action) {
    session.execute(action);
  }

  @Override
  public Runnable schedule(Runnable action, int millis) {
    Future<?> timer = session.loop().schedule(action, millis, TimeUnit.MILLISECONDS);
    return () -> timer.cancel(false);
  }

  @Override
  public void flushSoon() {
    if (!inBurst && !flushScheduled) {
      flushScheduled = true;
      ctx.executor().execute(this::scheduledFlush);
    }
  }

  private void scheduledFlush() {
    flushScheduled = false;
    writer.flush();
  }

  @Override
  public boolean reserve(int bytes) {
    return session.memory().reserve(bytes);
  }

  @Override
  public void unreserve(int bytes) {
    session.memory().unreserve(bytes);
  }

  @Override
  public void awaitMemory(Task task) {
    session.memory().await(task);
  }

  @Override
  public void forget(Task task) {
    if (task instanceof ReadTask read) {
      outgoing.forget(read);
    }
    if (unacknowledged != null) {
      unacknowledged.forget(task.itt());
    }
    session.memory().forget(task);
  }

  @Override
  public void operationBegins() {
    session.operationBegins();
  }

  @Override
  public void operationEnds() {
    session.operationEnds();
  }

  @Override
  public void over(Task task) {
    session.over(task);
  }
}
