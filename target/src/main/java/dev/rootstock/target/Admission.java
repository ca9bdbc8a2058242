// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Who may log in, and which disk they get. The target asks; policy lives elsewhere.
 *
 * <p>Both questions are asked on an event loop and must return at once; the answers may come on any
 * thread, and a login waits for its answer no longer than the target's login time-out.
 */
public interface Admission {

  /** Decides one login to a target; asked once, at the end of a successful login phase. */
  CompletionStage<Decision> admit(LoginRequest request);

  /** Names the targets that an initiator may see in a discovery session (SendTargets). */
  CompletionStage<List<String>> targets(DiscoveryRequest request);

  /**
   * A login to be decided.
   *
   * @param initiatorName the InitiatorName key, normalised
   * @param targetName the TargetName key, normalised
   * @param isid the initiator's part of the session identifier
   * @param reinstatement whether a session of the same initiator name, ISID and portal group lives
   *     now and would be closed in favour of this one (RFC 7143 §6.3.5)
   * @param initiator the address that the connection comes from
   * @param portal the local address that it reached
   */
  record LoginRequest(
      String initiatorName,
      String targetName,
      Isid isid,
      boolean reinstatement,
      InetSocketAddress initiator,
      InetSocketAddress portal) {}

  /** A discovery session's question. */
  record DiscoveryRequest(
      String initiatorName, InetSocketAddress initiator, InetSocketAddress portal) {}

  /** The answer to a login. */
  sealed interface Decision {}

  /**
   * The login fails.
   *
   * @param status what the initiator is told (RFC 7143 §11.13.5)
   * @param reason one sentence for logs and for the administrator
   */
  record Refused(LoginStatus status, String reason) implements Decision {}

  /** The login succeeds; the target calls {@link Lease#ended} exactly once for each of these. */
  record Granted(Lease lease) implements Decision {}

  /** A session's right to its logical units. */
  interface Lease {

    /** The logical units of the session, LUN 0 first. */
    List<LogicalUnit> units();

    /** The boot that this session belongs to; {@link IscsiTarget#revoke} names it. */
    long generation();

    /** The session has entered the full feature phase. Called on its event loop; must not block. */
    void opened(TargetSession session);

    /** The session is over, or never began. Called on an event loop; must not block. */
    void ended(String why);
  }
}
