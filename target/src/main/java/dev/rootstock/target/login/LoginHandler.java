// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.session.FullFeatureHandler;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.session.Sessions;
import dev.rootstock.target.wire.PduFramer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Leads one connection through its login and gives way to the full feature phase. The last steps,
 * for which policy is asked, are {@link Opening} and {@link Joining}.
 */
public final class LoginHandler extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);

  private static final LogRation RATION = new LogRation(System.nanoTime());

  private final Sessions sessions;
  private final Duration timeout;
  private final Runnable loggedIn;
  private final LoginPhase phase;
  private @Nullable Future<?> deadline;
  private @Nullable Opening opening;
  private boolean asking;
  private boolean over;

  /**
   * Makes the handler of a new connection.
   *
   * @param portalGroup the tag of the portal group that it came through
   * @param challenges those of the whole target
   * @param timeout how long the login may take, from now on
   * @param loggedIn told when the connection has entered the full feature phase of a normal session
   */
  LoginHandler(
      Sessions sessions,
      int portalGroup,
      Challenges challenges,
      Duration timeout,
      Runnable loggedIn) {
    this.sessions = sessions;
    this.timeout = timeout;
    this.loggedIn = loggedIn;
    this.phase = new LoginPhase(portalGroup, sessions::find, challenges);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    startDeadline(ctx);
    ctx.fireChannelActive();
  }

  void startDeadline(ChannelHandlerContext ctx) {
    deadline =
        ctx.executor().schedule(() -> timedOut(ctx), timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  void stopDeadline() {
    Future<?> timer = deadline;
    if (timer != null) {
      timer.cancel(false);
    }
  }

  boolean isOver() {
    return over;
  }

  private void timedOut(ChannelHandlerContext ctx) {
    if (asking) {
      refuse(ctx, LoginStatus.SERVICE_UNAVAILABLE, "no decision in time");
    } else {
      end(ctx, "the login took too long");
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    InitiatorPdu pdu = (InitiatorPdu) message;
    try {
      if (over) {
        return;
      }
      if (asking) {
        // §6.3: one outstanding Login Request.
        end(ctx, "a request while the login was being decided");
        return;
      }
      take(ctx, phase.step(pdu));
    } finally {
      pdu.release();
    }
  }

  private void take(ChannelHandlerContext ctx, LoginPhase.Step step) {
    switch (step) {
      case LoginPhase.Answer(LoginResponse response) -> {
        var _ = send(ctx, response);
      }
      case LoginPhase.Refusal(LoginResponse response, String reason) ->
          refuse(ctx, response, reason);
      case LoginPhase.Termination(String reason) -> end(ctx, reason);
      case LoginPhase.Identify() -> identify(ctx);
      case LoginPhase.Ready() -> ready(ctx);
    }
  }

  /** Asks policy what this initiator has to prove; it may answer on any thread. */
  private void identify(ChannelHandlerContext ctx) {
    asking = true;
    LoginNames names = phase.names();
    CompletionStage<Admission.Authentication> answer;
    try {
      answer =
          sessions
              .admission()
              .authentication(
                  new Admission.AuthenticationRequest(
                      names.initiator(),
                      names.target().isEmpty() ? null : names.target(),
                      remote(ctx),
                      local(ctx)));
    } catch (RuntimeException e) {
      failed(ctx, e);
      return;
    }
    var _ =
        answer.whenComplete(
            (authentication, failure) ->
                onLoop(ctx, () -> identified(ctx, authentication, failure)));
  }

  private void identified(
      ChannelHandlerContext ctx,
      Admission.Authentication authentication,
      @Nullable Throwable failure) {
    if (failure != null) {
      failed(ctx, failure);
    } else if (!over) {
      asking = false;
      take(ctx, phase.authenticate(authentication));
    }
  }

  /** At once where policy has answered at once: most logins are one request and one response. */
  private static void onLoop(ChannelHandlerContext ctx, Runnable action) {
    if (ctx.executor().inEventLoop()) {
      action.run();
    } else {
      ctx.executor().execute(action);
    }
  }

  private static ChannelFuture send(ChannelHandlerContext ctx, LoginResponse response) {
    ByteBuf data = response.data();
    int length = data.readableBytes();
    ByteBuf out = ctx.alloc().directBuffer(Bhs.BYTES + Bhs.padded(length));
    response.encodeHeader(out);
    out.writeBytes(data).writeZero(Bhs.padded(length) - length);
    response.release();
    return ctx.writeAndFlush(out);
  }

  private void ready(ChannelHandlerContext ctx) {
    asking = true;
    Session existing = phase.existing();
    if (existing == null) {
      opening = new Opening(this, ctx, sessions, phase);
      opening.begin();
    } else {
      join(ctx, existing);
    }
  }

  private void join(ChannelHandlerContext ctx, Session existing) {
    // §9.2: method and identity do not vary among the connections of a session.
    if (!Objects.equals(existing.identity(), phase.identity())) {
      refuse(
          ctx,
          LoginStatus.AUTHENTICATION_FAILURE,
          "the session's other connections were authenticated otherwise");
      return;
    }
    new Joining(this, ctx, existing, phase.cid()).begin(sessions.admission(), question(ctx, false));
  }

  /** What policy is asked at the end. */
  Admission.LoginRequest question(ChannelHandlerContext ctx, boolean reinstatement) {
    LoginNames names = phase.names();
    return new Admission.LoginRequest(
        names.initiator(),
        names.target(),
        phase.isid(),
        reinstatement,
        remote(ctx),
        local(ctx),
        phase.identity());
  }

  void failed(ChannelHandlerContext ctx, Throwable failure) {
    LOG.error("a login of {} could not be decided", phase.names().initiator(), failure);
    refuse(ctx, LoginStatus.TARGET_ERROR, "no decision");
  }

  /**
   * Gives way to the full feature phase.
   *
   * @param tsih the new session's, or 0 for a connection that joins one
   */
  void enterFullFeature(ChannelHandlerContext ctx, Session session, int tsih) {
    finish();
    TransferParameters parameters = phase.parameters();
    ctx.pipeline().get(PduFramer.class).negotiated(phase.maxReceiveSegment(), parameters.digests());
    if (!phase.names().discovery()) {
      loggedIn.run();
    }
    // The session is open before its initiator knows, so that nobody who asks finds it missing.
    ctx.pipeline()
        .addAfter(
            ctx.name(),
            "session",
            new FullFeatureHandler(session, phase.cid(), phase.nextStatSn() + 1, parameters));
    var _ = send(ctx, phase.accepted(tsih));
    ctx.pipeline().remove(this);
  }

  void refuse(ChannelHandlerContext ctx, LoginStatus status, String reason) {
    if (!over) {
      refuse(ctx, phase.refusal(status), reason);
    }
  }

  void refuse(ChannelHandlerContext ctx, LoginResponse response, String reason) {
    if (over) {
      response.release();
      return;
    }
    finish();
    log(
        "login of '{}' to '{}' from {} refused with {}: {}",
        phase.names().initiator(),
        phase.names().target(),
        remote(ctx),
        String.format("%04x", response.status()),
        reason);
    // §11.13.5: the connection is closed with any status but success.
    var _ = send(ctx, response).addListener(ChannelFutureListener.CLOSE);
  }

  private void end(ChannelHandlerContext ctx, String reason) {
    if (!over) {
      finish();
      log("connection from {} closed: {}", remote(ctx), reason);
      var _ = ctx.close();
    }
  }

  private static void log(String format, Object... arguments) {
    int dropped = RATION.take(System.nanoTime());
    if (dropped > 0) {
      LOG.info("{} lines about logins that failed were dropped", dropped);
    }
    LOG.atLevel(dropped < 0 ? Level.DEBUG : Level.INFO).log(format, arguments);
  }

  private void finish() {
    over = true;
    phase.end();
    stopDeadline();
    Opening unfinished = opening;
    if (unfinished != null) {
      unfinished.giveUp();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    finish();
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      // A probe that closes, a reset: this is how firmware ends what it began.
      case IOException reset -> {
        LOG.debug("connection from {}: {}", remote(ctx), reset.getMessage());
        end(ctx, "the connection failed");
      }
      case MalformedPduException malformed -> end(ctx, "format error: " + malformed.getMessage());
      default -> {
        LOG.error("the login from {} fails by a fault of ours", remote(ctx), cause);
        end(ctx, "internal error");
      }
    }
  }

  static InetSocketAddress remote(ChannelHandlerContext ctx) {
    return (InetSocketAddress) ctx.channel().remoteAddress();
  }

  static InetSocketAddress local(ChannelHandlerContext ctx) {
    return (InetSocketAddress) ctx.channel().localAddress();
  }
}
