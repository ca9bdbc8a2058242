// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.AsyncMessage;

/**
 * What an initiator is told of the end of its session (RFC 7143 §11.9.1), if it can take it: one
 * that has sent a ping of its own. Firmware drops its connection at any PDU that it does not know.
 */
final class Farewell {
  private final Connections connections;

  Farewell(Connections connections) {
    this.connections = connections;
  }

  /**
   * Asks for a logout of every connection that can be asked.
   *
   * @return whether there was one
   */
  boolean askForLogout(int seconds) {
    boolean asked = false;
    for (Connection connection : connections.live()) {
      if (connection.answersPings()) {
        connection.send(AsyncMessage.LOGOUT_REQUEST, 0, 0, 0, seconds);
        asked = true;
      }
    }
    return asked;
  }

  /** Tells that all connections are dropped, and that nothing is kept that could be reassigned. */
  void sessionDropped(int timeToWait) {
    for (Connection connection : connections.live()) {
      if (connection.answersPings()) {
        connection.send(AsyncMessage.SESSION_DROPPED, 0, 0, timeToWait, 0);
        connection.writer().flush();
      }
    }
  }

  /** Tells one of the connections that are left which one is gone (§7.1.4.3). */
  void connectionDropped(int cid, int timeToWait, int timeToRetain) {
    for (Connection other : connections.live()) {
      if (other.answersPings()) {
        other.send(AsyncMessage.CONNECTION_DROPPED, 0, cid, timeToWait, timeToRetain);
        return;
      }
    }
  }
}
