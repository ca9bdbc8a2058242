// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.session.SessionParameters;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Digests;

/** What a login has agreed on, as those want it whom it concerns afterwards. */
final class Agreement {

  /** RFC 7143 §13.1. */
  private static final String CRC32C = "CRC32C";

  private Agreement() {}

  /** What counts for the session that the login begins. */
  static SessionParameters session(Negotiation agreed) {
    return new SessionParameters(
        agreed.number(TextKey.MAX_CONNECTIONS),
        agreed.number(TextKey.ERROR_RECOVERY_LEVEL),
        agreed.number(TextKey.DEFAULT_TIME_TO_WAIT),
        agreed.number(TextKey.DEFAULT_TIME_TO_RETAIN),
        SessionParameters.TaskReporting.of(agreed.text(TextKey.TASK_REPORTING)));
  }

  /** What counts for data on the connection. */
  static TransferParameters transfers(Negotiation agreed) {
    return new TransferParameters(
        agreed.number(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH),
        agreed.number(TextKey.MAX_BURST_LENGTH),
        agreed.number(TextKey.FIRST_BURST_LENGTH),
        agreed.yes(TextKey.INITIAL_R2T),
        agreed.yes(TextKey.IMMEDIATE_DATA),
        agreed.number(TextKey.MAX_OUTSTANDING_R2T),
        agreed.yes(TextKey.DATA_PDU_IN_ORDER),
        agreed.number(TextKey.ERROR_RECOVERY_LEVEL),
        new Digests(
            agreed.text(TextKey.HEADER_DIGEST).equals(CRC32C),
            agreed.text(TextKey.DATA_DIGEST).equals(CRC32C)));
  }
}
