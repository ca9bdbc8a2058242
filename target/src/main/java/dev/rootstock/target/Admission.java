// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.target.chap.ChapAccount;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Who may log in, and which disk they get. The target asks; policy lives elsewhere.
 *
 * <p>All questions are asked on an event loop and must return at once; the answers may come on any
 * thread, and a login waits for its answer no longer than the target's login time-out.
 */
public interface Admission {

  /**
   * Says what an initiator has to prove; asked once, before anything is decided. What becomes of a
   * name or a target that nobody knows is best not told here: {@link Authentication#NOBODY} lets
   * them fail as a wrong secret does.
   */
  CompletionStage<Authentication> authentication(AuthenticationRequest request);

  /** Decides one login to a target; asked once, at the end of a successful login phase. */
  CompletionStage<Decision> admit(LoginRequest request);

  /**
   * Decides whether one more connection may become part of a session (RFC 7143 §6.3.6); asked at
   * the end of its login phase, after the target has seen to it that it names the session's own
   * initiator, ISID and target.
   *
   * @param lease the session's, which its connections share
   * @return why not, or nothing when it may
   */
  default CompletionStage<Optional<Refused>> join(LoginRequest request, Lease lease) {
    return CompletableFuture.completedStage(
        Optional.of(
            new Refused(
                LoginStatus.CANNOT_INCLUDE_IN_SESSION, "sessions have one connection here")));
  }

  /** Names the targets that an initiator may see in a discovery session (SendTargets). */
  CompletionStage<List<String>> targets(DiscoveryRequest request);

  /**
   * A connection that begins to log in.
   *
   * @param initiatorName the InitiatorName key, normalised
   * @param targetName the TargetName key, normalised; null for a discovery session
   * @param initiator the address that the connection comes from
   * @param portal the local address that it reached
   */
  record AuthenticationRequest(
      String initiatorName,
      @Nullable String targetName,
      InetSocketAddress initiator,
      InetSocketAddress portal) {}

  /**
   * What an initiator has to prove (RFC 7143 §12.1).
   *
   * @param anonymous whether it may log in without a proof (AuthMethod=None)
   * @param accounts those of which it may prove one by CHAP. When there are none, CHAP is not
   *     offered to the anonymous, and fails for all others.
   */
  record Authentication(boolean anonymous, List<ChapAccount> accounts) {
    /** Nothing has to be proved. */
    public static final Authentication NOT_NEEDED = new Authentication(true, List.of());

    /** Whatever is proved, it is not enough. */
    public static final Authentication NOBODY = new Authentication(false, List.of());

    public Authentication {
      accounts = List.copyOf(accounts);
    }

    /** CHAP, and nothing less. */
    public static Authentication required(ChapAccount... accounts) {
      return new Authentication(false, List.of(accounts));
    }

    /** Whether CHAP is a method for this initiator. */
    public boolean chap() {
      return !anonymous || !accounts.isEmpty();
    }
  }

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
   * @param identity the CHAP name of the account that it has proved; null when it proved nothing
   */
  record LoginRequest(
      String initiatorName,
      String targetName,
      Isid isid,
      boolean reinstatement,
      InetSocketAddress initiator,
      InetSocketAddress portal,
      @Nullable String identity) {}

  /**
   * A discovery session's question.
   *
   * @param identity the CHAP name of the account that it has proved; null when it proved nothing
   */
  record DiscoveryRequest(
      String initiatorName,
      InetSocketAddress initiator,
      InetSocketAddress portal,
      @Nullable String identity) {}

  /** The answer to a login. */
  sealed interface Decision {}

  /**
   * The login fails.
   *
   * @param status what the initiator is told (RFC 7143 §11.13.5)
   * @param reason one sentence for logs and for the administrator
   */
  record Refused(LoginStatus status, String reason) implements Decision {}

  /**
   * The target is to be had elsewhere (RFC 7143 §11.13.5, status 0101 or 0102).
   *
   * @param portal where; an IP address, since firmware resolves no names
   * @param permanent whether the initiator should remember it
   */
  record Redirected(InetSocketAddress portal, boolean permanent) implements Decision {
    public Redirected {
      if (portal.isUnresolved()) {
        throw new IllegalArgumentException("no IP address: " + portal);
      }
    }
  }

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
