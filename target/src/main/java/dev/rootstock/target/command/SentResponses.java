// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The numbered responses of one connection that have not been acknowledged, in the order of StatSN
 * (RFC 7143 §4.2.2.2); {@link Limits#UNACKNOWLEDGED_RESPONSES} of them at most.
 */
final class SentResponses {

  /** A numbered response. */
  static final class Response {
    private final int statSn;

    /** The task that it ended, or {@link Tag#NONE} for a response to anything else. */
    private int itt;

    private @Nullable Replica pdu;

    private Response(int statSn, int itt, @Nullable Replica pdu) {
      this.statSn = statSn;
      this.itt = itt;
      this.pdu = pdu;
    }

    int itt() {
      return itt;
    }

    /** What was sent; null when it is not kept. */
    @Nullable Replica pdu() {
      return pdu;
    }
  }

  private final ArrayDeque<Response> responses = new ArrayDeque<>();

  /** Gets each response that is kept no longer. */
  private final Consumer<Response> gone;

  /** The first StatSN that is not acknowledged, and the next one. */
  private int acknowledged;

  private int next;

  /**
   * Begins with the number of the first response.
   *
   * @param gone gets each response that is kept no longer, after it has been taken out
   */
  SentResponses(int nextStatSn, Consumer<Response> gone) {
    this.acknowledged = nextStatSn;
    this.next = nextStatSn;
    this.gone = gone;
  }

  /** Adds one that was sent; its copy is null when it is not kept. */
  void add(int itt, int statSn, @Nullable Replica pdu) {
    if (responses.size() == Limits.UNACKNOWLEDGED_RESPONSES) {
      gone.accept(responses.remove());
    }
    responses.add(new Response(statSn, itt, pdu));
    next = statSn + 1;
  }

  /** Takes note of an ExpStatSN; a wrong one is of no effect. */
  void acknowledge(int expStatSn) {
    if (!SerialNumber.after(expStatSn, acknowledged) || SerialNumber.after(expStatSn, next)) {
      return;
    }
    acknowledged = expStatSn;
    Response oldest = responses.peek();
    while (oldest != null && SerialNumber.before(oldest.statSn, expStatSn)) {
      responses.remove();
      gone.accept(oldest);
      oldest = responses.peek();
    }
  }

  /** A tag is another task's from now on; what ended the older one keeps its number only. */
  void untag(int itt) {
    for (Response response : responses) {
      if (response.itt == itt) {
        response.itt = Tag.NONE;
      }
    }
  }

  /** The response that ended a task, if it was sent and is not acknowledged. */
  @Nullable Response of(int itt) {
    Response found = null;
    for (Response response : responses) {
      found = response.itt == itt ? response : found;
    }
    return found;
  }

  /** Takes a task's response out, so that in its place nothing is kept; null if none was kept. */
  @Nullable Replica take(int itt) {
    Response response = of(itt);
    Replica end = response == null ? null : response.pdu;
    if (response != null && end != null) {
      response.itt = Tag.NONE;
      response.pdu = null;
    }
    return end;
  }

  int acknowledged() {
    return acknowledged;
  }

  /** The StatSN of the next one. */
  int next() {
    return next;
  }

  /** Whether a run of numbers is of responses that were sent and are not acknowledged. */
  boolean known(int from, int to) {
    return !SerialNumber.before(from, acknowledged)
        && SerialNumber.before(from, to)
        && !SerialNumber.after(to, next);
  }

  /** Those of a run that are kept. */
  List<Replica> kept(int from, int to) {
    List<Replica> kept = new ArrayList<>();
    for (Response response : responses) {
      boolean asked =
          !SerialNumber.before(response.statSn, from) && SerialNumber.before(response.statSn, to);
      if (asked && response.pdu != null) {
        kept.add(response.pdu);
      }
    }
    return kept;
  }

  /** Takes out what is left. */
  List<Response> close() {
    List<Response> left = List.copyOf(responses);
    responses.clear();
    return left;
  }
}
