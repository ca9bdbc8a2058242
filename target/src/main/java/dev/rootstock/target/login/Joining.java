// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.Admission;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.session.Session;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The last steps of a login that brings a connection into a session which lives already (RFC 7143
 * §6.3.1, §6.3.4): policy is asked, the channel moves to the event loop of the session, and the
 * session makes room.
 *
 * <p><b>The move.</b> All connections of a session live on one loop. This one's has no timer, no
 * read and no unsent byte while it is registered with none: the initiator waits for its answer, so
 * that it has nothing to send (§6.3), and what it sends all the same stays in the socket.
 */
final class Joining {
  private final LoginHandler handler;
  private final ChannelHandlerContext ctx;
  private final Session session;
  private final int cid;

  Joining(LoginHandler handler, ChannelHandlerContext ctx, Session session, int cid) {
    this.handler = handler;
    this.ctx = ctx;
    this.session = session;
    this.cid = cid;
  }

  void begin(Admission admission, Admission.LoginRequest question) {
    Admission.Lease lease = session.lease();
    if (lease == null) {
      handler.refuse(ctx, LoginStatus.SESSION_DOES_NOT_EXIST, "a discovery session is not joined");
      return;
    }
    CompletionStage<Optional<Admission.Refused>> answer;
    try {
      answer = admission.join(question, lease);
    } catch (RuntimeException e) {
      handler.failed(ctx, e);
      return;
    }
    var _ =
        answer.whenComplete(
            (refused, failure) -> ctx.executor().execute(() -> decided(refused, failure)));
  }

  private void decided(Optional<Admission.Refused> refused, @Nullable Throwable failure) {
    if (handler.isOver()) {
      return;
    }
    if (failure != null) {
      handler.failed(ctx, failure);
    } else if (refused.isPresent()) {
      handler.refuse(ctx, refused.get().status(), refused.get().reason());
    } else {
      move();
    }
  }

  private void move() {
    EventLoop home = session.loop();
    if (home.inEventLoop()) {
      makeRoom();
      return;
    }
    handler.stopDeadline();
    Channel channel = ctx.channel();
    channel.config().setAutoRead(false);
    var _ =
        channel
            .deregister()
            .addListener(_ -> home.register(channel).addListener(at -> moved(at.isSuccess())));
  }

  /** On the session's loop, unless that has ended. */
  private void moved(boolean arrived) {
    if (!arrived) {
      var _ = ctx.channel().close();
      return;
    }
    handler.startDeadline(ctx);
    ctx.channel().config().setAutoRead(true);
    makeRoom();
  }

  private void makeRoom() {
    session.makeRoom(
        cid,
        refusal -> {
          if (handler.isOver() || !ctx.channel().isActive()) {
            return;
          }
          if (refusal.isPresent()) {
            handler.refuse(ctx, refusal.get(), "connection " + cid + " cannot join the session");
          } else {
            handler.enterFullFeature(ctx, session, 0);
          }
        });
  }
}
