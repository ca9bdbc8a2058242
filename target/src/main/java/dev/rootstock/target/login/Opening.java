// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.session.Portals;
import dev.rootstock.target.session.Session;
import dev.rootstock.target.session.SessionKey;
import dev.rootstock.target.session.Sessions;
import io.netty.channel.ChannelHandlerContext;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The last steps of a login that begins a session: policy is asked, and a session that has the same
 * key is reinstated (RFC 7143 §6.3.5).
 *
 * <p>Policy answers on any thread and when it likes. A session that it grants is made known to
 * {@link Sessions} on that very thread, so that a revocation that follows the grant reaches it;
 * what became of the connection meanwhile is seen to afterwards, on its loop.
 */
final class Opening {
  private final LoginHandler handler;
  private final ChannelHandlerContext ctx;
  private final Sessions sessions;
  private final LoginPhase phase;

  /** What has been granted and has not begun; on the connection's loop. */
  private @Nullable Session granted;

  Opening(LoginHandler handler, ChannelHandlerContext ctx, Sessions sessions, LoginPhase phase) {
    this.handler = handler;
    this.ctx = ctx;
    this.sessions = sessions;
    this.phase = phase;
  }

  void begin() {
    LoginNames names = phase.names();
    if (!names.discovery()) {
      ask(phase.sessionKey());
    } else if (names.target().isEmpty()) {
      SessionKey key = phase.sessionKey();
      String portal = Portals.address(LoginHandler.local(ctx));
      granted(
          SessionKey.unnamed(key.initiatorName(), key.isid(), portal, key.portalGroup()),
          null,
          null);
    } else {
      discover(names);
    }
  }

  /**
   * A discovery session that names a target takes the place of others with the target (§7.4.2.2).
   * So it is for those only who could have found that target, and who have proved what a login to
   * it has to prove.
   */
  private void discover(LoginNames names) {
    CompletionStage<List<String>> visible;
    try {
      visible =
          sessions
              .admission()
              .targets(
                  new Admission.DiscoveryRequest(
                      names.initiator(),
                      LoginHandler.remote(ctx),
                      LoginHandler.local(ctx),
                      phase.identity()));
    } catch (RuntimeException e) {
      handler.failed(ctx, e);
      return;
    }
    var _ =
        visible.whenComplete(
            (targets, failure) -> {
              if (failure != null) {
                ctx.executor().execute(() -> handler.failed(ctx, failure));
              } else if (targets.contains(names.target())) {
                granted(phase.sessionKey(), null, null);
              } else {
                refuse(LoginStatus.NOT_FOUND, "this initiator can see no such target");
              }
            });
  }

  private void ask(SessionKey key) {
    CompletionStage<Admission.Decision> answer;
    Sessions.Question asked = sessions.asks(key.node());
    try {
      answer = sessions.admission().admit(handler.question(ctx, sessions.reinstates(key)));
    } catch (RuntimeException e) {
      sessions.answered(asked);
      handler.failed(ctx, e);
      return;
    }
    var _ =
        answer.whenComplete(
            (decision, failure) -> {
              if (failure != null) {
                sessions.answered(asked);
                ctx.executor().execute(() -> handler.failed(ctx, failure));
              } else {
                decided(key, asked, decision);
              }
            });
  }

  /** Policy has answered, on any thread. */
  private void decided(SessionKey key, Sessions.Question asked, Admission.Decision decision) {
    switch (decision) {
      case Admission.Refused(LoginStatus status, String reason) -> {
        sessions.answered(asked);
        refuse(status, reason);
      }
      case Admission.Redirected(InetSocketAddress portal, boolean permanent) -> {
        sessions.answered(asked);
        String address = Portals.address(portal);
        ctx.executor()
            .execute(
                () ->
                    handler.refuse(
                        ctx, phase.redirection(address, permanent), "it is served at " + address));
      }
      case Admission.Granted(Admission.Lease lease) -> granted(key, asked, lease);
    }
  }

  private void refuse(LoginStatus status, String reason) {
    ctx.executor().execute(() -> handler.refuse(ctx, status, reason));
  }

  private void granted(
      SessionKey key, Sessions.@Nullable Question asked, Admission.@Nullable Lease lease) {
    Session session =
        new Session(
            sessions,
            key,
            ctx.channel().eventLoop(),
            LoginHandler.remote(ctx),
            phase.identity(),
            lease);
    sessions.granted(session, asked);
    session.execute(
        () -> {
          if (handler.isOver() || !ctx.channel().isActive()) {
            var _ = session.close("the connection was gone before the login was decided");
            return;
          }
          if (!session.isGranted()) {
            handler.refuse(ctx, LoginStatus.SERVICE_UNAVAILABLE, session.closeReason());
            return;
          }
          granted = session;
          var _ = sessions.takePlace(session).thenRun(() -> session.execute(() -> enter(session)));
        });
  }

  /** Nothing of an older session can reach the disk: the login succeeds. */
  private void enter(Session session) {
    if (handler.isOver()) {
      return;
    }
    int tsih = session.reserveTsih(phase.firstCmdSn(), phase.sessionParameters());
    if (tsih == 0) {
      handler.refuse(ctx, LoginStatus.SERVICE_UNAVAILABLE, session.closeReason());
      return;
    }
    granted = null;
    handler.enterFullFeature(ctx, session, tsih);
  }

  /** The login has ended otherwise. */
  void giveUp() {
    Session never = granted;
    if (never != null) {
      granted = null;
      var _ = never.close("its login was not finished");
    }
  }
}
