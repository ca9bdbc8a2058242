// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;

/**
 * The orderly end of a connection or of the session (RFC 7143 §11.14, §11.15).
 *
 * <p>Commands are terminated before the answer, those that are in a device awaited.
 */
final class Logout {
  private final Session session;

  Logout(Session session) {
    this.session = session;
  }

  void handle(Connection from, LogoutRequest request) {
    switch (request.reason()) {
      case LogoutRequest.CLOSE_SESSION -> closeSession(from, request);
      case LogoutRequest.CLOSE_CONNECTION -> closeConnection(from, request);
      default -> removeForRecovery(from, request);
    }
  }

  private void closeSession(Connection from, LogoutRequest request) {
    session
        .termination()
        .abort(
            task -> true,
            () -> {
              if (session.isOpen()) {
                answer(from, request, LogoutResponse.CLOSED);
                session.closure().endWith(from);
              }
            });
  }

  /** Of this connection, or of another one that may be dead (§11.14). */
  private void closeConnection(Connection from, LogoutRequest request) {
    int cid = request.cid();
    if (!session.recovery().holds(cid)) {
      answer(from, request, LogoutResponse.CID_NOT_FOUND);
      return;
    }
    Connection leaving = session.connections().live(cid);
    session
        .recovery()
        .logOut(
            cid,
            () -> {
              if (!session.isOpen()) {
                return;
              }
              answer(from, request, LogoutResponse.CLOSED);
              if (leaving != null) {
                leaving.closeAfterFlush();
              }
            });
  }

  /** §11.14: nothing of the connection is sent any more, and its tasks may be reassigned. */
  private void removeForRecovery(Connection from, LogoutRequest request) {
    Recovery recovery = session.recovery();
    int cid = request.cid();
    if (!recovery.holds(cid)) {
      answer(from, request, LogoutResponse.CID_NOT_FOUND);
      return;
    }
    if (!recovery.reassigns()) {
      answer(from, request, LogoutResponse.RECOVERY_NOT_SUPPORTED);
      return;
    }
    Connection leaving = session.connections().live(cid);
    if (leaving != null) {
      leaving.acknowledge(request.expStatSn());
    }
    if (leaving == from) {
      // Afterwards nothing goes out on it.
      answer(from, request, LogoutResponse.CLOSED);
    }
    var _ = recovery.logOutForRecovery(cid);
    if (leaving != from) {
      answer(from, request, LogoutResponse.CLOSED);
    }
    if (leaving != null) {
      leaving.closeAfterFlush();
    }
  }

  private void answer(Connection to, LogoutRequest request, int response) {
    boolean times = response != LogoutResponse.CID_NOT_FOUND;
    to.writer()
        .write(
            new LogoutResponse(
                response,
                request.itt(),
                to.takeStatSn(),
                to.expCmdSn(),
                to.maxCmdSn(),
                times ? session.agreed().timeToWait() : 0,
                times ? session.agreed().timeToRetain() : 0));
    to.flushSoon();
  }
}
