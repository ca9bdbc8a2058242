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
import dev.rootstock.target.session.Portals;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.session.SessionKey;
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
 * Leads one connection through its login, asks policy at the end, and gives way to the full feature
 * phase.
 *
 * <p>Policy answers on any thread and when it likes. A session that it grants is made known to
 * {@link Sessions} on that very thread, so that a revocation that follows the grant reaches it;
 * what became of the connection meanwhile is seen to afterwards, on its loop.
 */
public final class LoginHandler extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);

  private static final LogRation RATION = new LogRation(System.nanoTime());

  private final Sessions sessions;
  private final Duration timeout;
  private final Runnable loggedIn;
  private final LoginPhase phase;
  private @Nullable Future<?> deadline;
  private @Nullable Session granted;
  private boolean asking;
  private boolean over;

  /**
   * Makes the handler of a new connection.
   *
   * @param challenges those of the whole target
   * @param timeout how long the login may take, from now on
   * @param loggedIn told when the connection has entered the full feature phase of a normal session
   */
  LoginHandler(Sessions sessions, Challenges challenges, Duration timeout, Runnable loggedIn) {
    this.sessions = sessions;
    this.timeout = timeout;
    this.loggedIn = loggedIn;
    this.phase = new LoginPhase(sessions.portals().groupTag(), sessions::find, challenges);
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
    CompletionStage<Admission.Authentication> answer;
    try {
      answer =
          sessions
              .admission()
              .authentication(
                  new Admission.AuthenticationRequest(
                      phase.initiatorName(),
                      phase.isDiscovery() ? null : phase.targetName(),
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
    if (phase.isDiscovery()) {
      String portal = Portals.address(local(ctx));
      SessionKey key = SessionKey.discovery(phase.initiatorName(), phase.isid(), portal);
      granted(ctx, key, null, null);
      return;
    }
    SessionKey key = new SessionKey(phase.initiatorName(), phase.isid(), phase.targetName());
    Admission.LoginRequest question =
        new Admission.LoginRequest(
            phase.initiatorName(),
            phase.targetName(),
            phase.isid(),
            phase.existing() == null && sessions.reinstates(key),
            remote(ctx),
            local(ctx),
            phase.identity());
    Session existing = phase.existing();
    if (existing != null) {
      join(ctx, existing, question);
      return;
    }
    CompletionStage<Admission.Decision> answer;
    Sessions.Question asked = sessions.asks(key.node());
    try {
      answer = sessions.admission().admit(question);
    } catch (RuntimeException e) {
      sessions.answered(asked);
      failed(ctx, e);
      return;
    }
    var _ =
        answer.whenComplete(
            (decision, failure) -> {
              if (failure != null) {
                sessions.answered(asked);
                ctx.executor().execute(() -> failed(ctx, failure));
              } else {
                decided(ctx, key, asked, decision);
              }
            });
  }

  private void join(ChannelHandlerContext ctx, Session existing, Admission.LoginRequest question) {
    // §9.2: method and identity do not vary among the connections of a session.
    if (!Objects.equals(existing.identity(), question.identity())) {
      refuse(
          ctx,
          LoginStatus.AUTHENTICATION_FAILURE,
          "the session's other connections were authenticated otherwise");
      return;
    }
    new Joining(this, ctx, existing, phase.cid()).begin(sessions.admission(), question);
  }

  void failed(ChannelHandlerContext ctx, Throwable failure) {
    LOG.error("a login of {} could not be decided", phase.initiatorName(), failure);
    refuse(ctx, LoginStatus.TARGET_ERROR, "no decision");
  }

  /** Policy has answered, on any thread. */
  private void decided(
      ChannelHandlerContext ctx,
      SessionKey key,
      Sessions.Question asked,
      Admission.Decision decision) {
    switch (decision) {
      case Admission.Refused(LoginStatus status, String reason) -> {
        sessions.answered(asked);
        ctx.executor().execute(() -> refuse(ctx, status, reason));
      }
      case Admission.Redirected(InetSocketAddress portal, boolean permanent) -> {
        sessions.answered(asked);
        String address = Portals.address(portal);
        ctx.executor()
            .execute(
                () ->
                    refuse(
                        ctx, phase.redirection(address, permanent), "it is served at " + address));
      }
      case Admission.Granted(Admission.Lease lease) -> granted(ctx, key, asked, lease);
    }
  }

  private void granted(
      ChannelHandlerContext ctx,
      SessionKey key,
      Sessions.@Nullable Question asked,
      Admission.@Nullable Lease lease) {
    Session session =
        new Session(sessions, key, ctx.channel().eventLoop(), remote(ctx), phase.identity(), lease);
    sessions.granted(session, asked);
    session.execute(
        () -> {
          if (over || !ctx.channel().isActive()) {
            var _ = session.close("the connection was gone before the login was decided");
            return;
          }
          if (!session.isGranted()) {
            refuse(ctx, LoginStatus.SERVICE_UNAVAILABLE, session.closeReason());
            return;
          }
          granted = session;
          var _ =
              sessions.takePlace(session).thenRun(() -> session.execute(() -> enter(ctx, session)));
        });
  }

  /** Nothing of an older session can reach the disk: the login succeeds. */
  private void enter(ChannelHandlerContext ctx, Session session) {
    if (over) {
      return;
    }
    int tsih = session.reserveTsih(phase.firstCmdSn(), phase.sessionParameters());
    if (tsih == 0) {
      refuse(ctx, LoginStatus.SERVICE_UNAVAILABLE, session.closeReason());
      return;
    }
    granted = null;
    enterFullFeature(ctx, session, tsih);
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
    if (!phase.isDiscovery()) {
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

  private void refuse(ChannelHandlerContext ctx, LoginResponse response, String reason) {
    if (over) {
      response.release();
      return;
    }
    finish();
    log(
        "login of '{}' to '{}' from {} refused with {}: {}",
        phase.initiatorName(),
        phase.targetName(),
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
    Session never = granted;
    if (never != null) {
      granted = null;
      var _ = never.close("its login was not finished");
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

  private static InetSocketAddress remote(ChannelHandlerContext ctx) {
    return (InetSocketAddress) ctx.channel().remoteAddress();
  }

  private static InetSocketAddress local(ChannelHandlerContext ctx) {
    return (InetSocketAddress) ctx.channel().localAddress();
  }
}
