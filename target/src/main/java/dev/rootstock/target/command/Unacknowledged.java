// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.Opcode;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has sent and its initiator has not acknowledged, so that it can be sent again
 * (RFC 7143 §4.2.2.2, §7.8, §11.16): numbered responses, and the Data-In PDUs of reads. There is
 * one for each connection from recovery level 1 on, and none at level 0. It outlives its connection
 * as long as tasks may be reassigned (level 2), and is for the session's event loop only.
 *
 * <p><b>How it fills.</b> The connection's {@link PduWriter} shows it every PDU; it copies what may
 * be asked for again. What is sent again is therefore what was sent, and never what a disk holds
 * meanwhile. At these levels no Data-In carries a status, so that data and responses are apart.
 *
 * <p><b>How it empties.</b> A response goes when ExpStatSN has passed it, and its task's data with
 * it; data also by DataACK; an aborted task's data at once.
 *
 * <p><b>Its bound.</b> Bytes are counted in a budget of the session and in one of the server. What
 * finds no room is not kept: a SNACK for it is rejected as §7.8 has it, and nothing else suffers.
 *
 * <p><b>Reassignment</b> (§7.2.2) asks the old connection's store whether it {@link #holds} what
 * the initiator has not got, sends its Task Management Response, and lets the new connection's
 * store {@link #takeOver} and send it. A task that is not over then goes on with {@link
 * Task#reassign}.
 */
public final class Unacknowledged implements PduWriter.Witness {

  /** A numbered response. */
  private static final class Response {
    private final int statSn;

    /** The task that it ended, or {@link Tag#NONE} for a response to anything else. */
    private int itt;

    private @Nullable Replica pdu;

    Response(int statSn, int itt, @Nullable Replica pdu) {
      this.statSn = statSn;
      this.itt = itt;
      this.pdu = pdu;
    }
  }

  /**
   * Why a SNACK is refused.
   *
   * @param reason for the Reject (§11.17.1)
   * @param dataSn the next DataSN or R2TSN of the task, or 0 (§11.17.2)
   */
  public record Refusal(int reason, int dataSn) {}

  private final Allegiance link;
  private final MemoryBudget session;
  private final MemoryBudget all;
  private final ArrayDeque<Response> responses = new ArrayDeque<>();
  private final IntObjectHashMap<SentData> sent = new IntObjectHashMap<>();

  /** The first StatSN that is not acknowledged, and the next one. */
  private int acknowledged;

  private int next;
  private boolean closed;

  /**
   * Makes an empty one.
   *
   * @param session what the connections of the session may keep together
   * @param all what all sessions may keep
   * @param nextStatSn of the first response
   */
  public Unacknowledged(Allegiance link, MemoryBudget session, MemoryBudget all, int nextStatSn) {
    this.link = link;
    this.session = session;
    this.all = all;
    this.acknowledged = nextStatSn;
    this.next = nextStatSn;
  }

  // ---- What is sent
  // ------------------------------------------------------------------------------

  /**
   * A task begins. Data that another one of the same tag has left are of no use any more; its
   * response may still be asked for by its number, but is no longer this tag's. So it is on every
   * connection of the session, whichever the task begins on.
   */
  public void begin(int itt) {
    forget(itt);
    for (Response response : responses) {
      if (response.itt == itt) {
        response.itt = Tag.NONE;
      }
    }
  }

  @Override
  public void written(ByteBuf header, int at, ByteBuf data, int dataAt, int length) {
    if (closed) {
      return;
    }
    switch (Bhs.opcode(header, at)) {
      case Opcode.DATA_IN -> {
        SentData run = data(Bhs.initiatorTaskTag(header, at));
        run.add(run.keeps() ? keep(header, at, data, dataAt, length) : null);
        if (Bhs.asksForAcknowledgement(header, at)) {
          run.asks(Bhs.targetTransferTag(header, at), Bhs.lun(header, at));
        }
      }
      case Opcode.READY_TO_TRANSFER -> {
        // Its task knows what it has asked for.
      }
      case Opcode.NOP_IN -> {
        if (Bhs.initiatorTaskTag(header, at) != Tag.NONE) {
          respond(Tag.NONE, Bhs.statSn(header, at), keep(header, at, data, dataAt, length));
        }
      }
      case Opcode.SCSI_RESPONSE ->
          respond(
              Bhs.initiatorTaskTag(header, at),
              Bhs.statSn(header, at),
              keep(header, at, data, dataAt, length));
      default -> respond(Tag.NONE, Bhs.statSn(header, at), keep(header, at, data, dataAt, length));
    }
  }

  private void respond(int itt, int statSn, @Nullable Replica pdu) {
    if (responses.size() == Limits.UNACKNOWLEDGED_RESPONSES) {
      drop(responses.remove());
    }
    responses.add(new Response(statSn, itt, pdu));
    next = statSn + 1;
  }

  private SentData data(int itt) {
    SentData data = sent.get(itt);
    if (data == null) {
      data = new SentData();
      sent.put(itt, data);
    }
    return data;
  }

  private @Nullable Replica keep(ByteBuf header, int at, ByteBuf data, int dataAt, int length) {
    int size = Bhs.BYTES + length;
    if (!session.tryTake(size)) {
      return null;
    }
    if (!all.tryTake(size)) {
      session.give(size);
      return null;
    }
    Replica copy = null;
    try {
      copy = Replica.of(link.allocator(), header, at, data, dataAt, length);
      return copy;
    } finally {
      if (copy == null) {
        giveBack(size);
      }
    }
  }

  private void giveBack(int size) {
    session.give(size);
    all.give(size);
  }

  private void drop(@Nullable Replica pdu) {
    if (pdu != null) {
      giveBack(pdu.size());
      pdu.release();
    }
  }

  private void drop(Response response) {
    drop(response.pdu);
    if (response.itt != Tag.NONE && response(response.itt) == null) {
      forget(response.itt);
    }
  }

  /** The DataSN of a task's next Data-In, which is also how many it has had. */
  int nextDataSn(int itt) {
    SentData data = sent.get(itt);
    return data == null ? 0 : data.next();
  }

  /** What a task's response has to carry (§11.4.4). */
  int snackTag(int itt) {
    SentData data = sent.get(itt);
    return data == null ? 0 : data.snackTag();
  }

  // ---- What is acknowledged
  // ----------------------------------------------------------------------

  /** Takes note of the ExpStatSN of a PDU; a wrong one is of no effect. */
  public void acknowledge(int expStatSn) {
    if (!SerialNumber.after(expStatSn, acknowledged) || SerialNumber.after(expStatSn, next)) {
      return;
    }
    acknowledged = expStatSn;
    Response oldest = responses.peek();
    while (oldest != null && SerialNumber.before(oldest.statSn, expStatSn)) {
      responses.remove();
      drop(oldest);
      oldest = responses.peek();
    }
  }

  /** Drops the data of a task that was aborted. */
  public void forget(int itt) {
    SentData data = sent.remove(itt);
    if (data != null) {
      data.acknowledge(data.next()).forEach(this::drop);
    }
  }

  /** Drops everything: nobody can ask for it any more. */
  public void close() {
    closed = true;
    for (int itt : sent.keySet().toArray(Integer[]::new)) {
      forget(itt);
    }
    responses.forEach(response -> drop(response.pdu));
    responses.clear();
  }

  // ---- What is asked for
  // -------------------------------------------------------------------------

  /**
   * Answers a SNACK that came on this connection.
   *
   * @param task the one in progress that has its tag and is allegiant to this connection, or null
   * @return null, or why it is to be rejected, with nothing done
   */
  public @Nullable Refusal answer(SnackRequest snack, @Nullable Task task) {
    if (snack.type() > SnackRequest.R_DATA) {
      // §11: a code that is reserved.
      return new Refusal(Reject.PROTOCOL_ERROR, 0);
    }
    boolean ofTask =
        snack.type() == SnackRequest.DATA_OR_R2T || snack.type() == SnackRequest.R_DATA;
    if (ofTask == (snack.itt() == Tag.NONE)) {
      // §11.16.4.
      return new Refusal(Reject.INVALID_PDU_FIELD, 0);
    }
    return switch (snack.type()) {
      case SnackRequest.DATA_OR_R2T -> dataOrR2t(snack, task);
      case SnackRequest.STATUS -> status(snack);
      case SnackRequest.DATA_ACK -> dataAck(snack);
      case SnackRequest.R_DATA -> resegment(snack, task);
      default -> new Refusal(Reject.INVALID_PDU_FIELD, 0);
    };
  }

  private @Nullable Refusal dataOrR2t(SnackRequest snack, @Nullable Task task) {
    SentData data = sent.get(snack.itt());
    if (data == null) {
      int nextR2tSn = task == null ? 0 : task.nextR2tSn();
      boolean done = task != null && task.resendR2ts(snack.begRun(), snack.runLength());
      return done ? null : new Refusal(Reject.PROTOCOL_ERROR, nextR2tSn);
    }
    boolean unacknowledged = snack.begRun() == 0 && snack.runLength() == 0;
    long from = unacknowledged ? data.first() : Integer.toUnsignedLong(snack.begRun());
    long to =
        snack.runLength() == 0 ? data.next() : from + Integer.toUnsignedLong(snack.runLength());
    if (from < data.first() || to > data.next() || (from >= to && !unacknowledged)) {
      return new Refusal(Reject.PROTOCOL_ERROR, data.next());
    }
    if (!data.kept((int) from, (int) to)) {
      return new Refusal(Reject.SNACK_REJECT, 0);
    }
    return send(data.get((int) from, (int) to));
  }

  private @Nullable Refusal status(SnackRequest snack) {
    boolean unacknowledged = snack.begRun() == 0 && snack.runLength() == 0;
    int from = unacknowledged ? acknowledged : snack.begRun();
    int to = snack.runLength() == 0 ? next : from + snack.runLength();
    boolean known =
        !SerialNumber.before(from, acknowledged)
            && SerialNumber.before(from, to)
            && !SerialNumber.after(to, next);
    if (!known && !unacknowledged) {
      return new Refusal(Reject.PROTOCOL_ERROR, 0);
    }
    List<Replica> again = new ArrayList<>();
    for (Response response : responses) {
      boolean asked =
          !SerialNumber.before(response.statSn, from) && SerialNumber.before(response.statSn, to);
      if (asked && response.pdu != null) {
        again.add(response.pdu);
      }
    }
    return again.size() == to - from ? send(again) : new Refusal(Reject.SNACK_REJECT, 0);
  }

  /** §11.16.2. */
  private @Nullable Refusal dataAck(SnackRequest snack) {
    for (SentData data : sent.values()) {
      if (data.acknowledgedBy(snack.ttt(), snack.lun())) {
        boolean known = snack.begRun() >= data.first() && snack.begRun() <= data.next();
        if (!known || snack.runLength() != 0) {
          return new Refusal(Reject.INVALID_DATA_ACK, 0);
        }
        data.acknowledge(snack.begRun()).forEach(this::drop);
        return null;
      }
    }
    return new Refusal(Reject.INVALID_DATA_ACK, 0);
  }

  /** §11.16.3: all unacknowledged data in the segments of now, and the response if it was sent. */
  private @Nullable Refusal resegment(SnackRequest snack, @Nullable Task task) {
    int tag = snack.ttt();
    if (tag == 0 || tag == Tag.NONE || snack.begRun() != 0 || snack.runLength() != 0) {
      return new Refusal(Reject.INVALID_PDU_FIELD, 0);
    }
    Response response = response(snack.itt());
    if (task == null && response == null) {
      return new Refusal(Reject.PROTOCOL_ERROR, nextDataSn(snack.itt()));
    }
    SentData data = data(snack.itt());
    Replica end = response == null ? null : response.pdu;
    if (!data.kept(data.first(), data.next()) || (response != null && end == null)) {
      return new Refusal(Reject.SNACK_REJECT, 0);
    }
    List<Replica> again = data.get(data.first(), data.next());
    if (end != null) {
      again.add(end);
    }
    if (!link.mayResend(size(again))) {
      return new Refusal(Reject.SNACK_REJECT, 0);
    }
    data.snackTag(tag);
    cut(data);
    write(data.get(data.first(), data.next()));
    if (end != null) {
      end.resegmented(tag, data.next());
      write(List.of(end));
    }
    return null;
  }

  /** The response that ended a task, if it was sent and is not acknowledged. */
  private @Nullable Response response(int itt) {
    Response found = null;
    for (Response response : responses) {
      found = response.itt == itt ? response : found;
    }
    return found;
  }

  /** Cuts data into segments that the initiator takes now. */
  private void cut(SentData data) {
    int segment = link.parameters().maxSendSegment() & ~3;
    List<Replica> pieces = new ArrayList<>();
    for (Replica pdu : data.get(data.first(), data.next())) {
      if (pdu.size() - Bhs.BYTES <= segment) {
        pieces.add(pdu);
        continue;
      }
      for (Replica piece : pdu.cut(link.allocator(), segment)) {
        // A header more for each piece; the data are counted already.
        session.take(piece.size());
        all.take(piece.size());
        pieces.add(piece);
      }
      drop(pdu);
    }
    data.replace(pieces);
  }

  private @Nullable Refusal send(List<Replica> again) {
    if (!link.mayResend(size(again))) {
      return new Refusal(Reject.SNACK_REJECT, 0);
    }
    write(again);
    return null;
  }

  private static int size(List<Replica> pdus) {
    return pdus.stream().mapToInt(Replica::size).sum();
  }

  private void write(List<Replica> again) {
    for (Replica pdu : again) {
      pdu.renumber(link.expCmdSn(), link.maxCmdSn());
      link.writer().writeAgain(pdu);
    }
    link.flushSoon();
  }

  // ---- Reassignment
  // ------------------------------------------------------------------------------

  /**
   * Whether everything that the initiator has not got of a task can be sent again (§7.2.2).
   *
   * @param expDataSn the first DataSN that it has not got; those before are acknowledged by this
   */
  public boolean holds(int itt, int expDataSn) {
    Response response = response(itt);
    if (response != null && response.pdu == null) {
      return false;
    }
    SentData data = sent.get(itt);
    if (data == null) {
      return expDataSn == 0;
    }
    int from = Math.max(expDataSn, data.first());
    return expDataSn >= 0 && from <= data.next() && data.kept(from, data.next());
  }

  /** Whether a task is over, and its response is not acknowledged. */
  public boolean hasResponse(int itt) {
    return response(itt) != null;
  }

  /**
   * Takes what a task has sent on another connection of the session, which {@link #holds} it, and
   * sends it on this one: its data in segments that fit, then its response if there is one, with a
   * number of this connection and no SNACK tag.
   */
  public void takeOver(Unacknowledged old, int itt, int expDataSn) {
    List<Replica> again = new ArrayList<>();
    SentData data = old.sent.remove(itt);
    if (data != null) {
      forget(itt);
      data.acknowledge(Math.max(expDataSn, data.first())).forEach(this::drop);
      data.snackTag(0);
      sent.put(itt, data);
      cut(data);
      again.addAll(data.get(data.first(), data.next()));
    }
    Replica end = old.giveResponse(itt);
    if (end != null) {
      end.resegmented(0, nextDataSn(itt));
      again.add(adopt(itt, end));
    }
    write(again);
  }

  /**
   * Takes the response of a task that is over from another connection of the session, and sends it
   * on this one as it was, with a number of this connection. Of its data only the number stays
   * known: who aborts the task does not want them, and a SNACK for them is rejected.
   *
   * @return false, with nothing done, when the response was not kept
   */
  public boolean takeOverResponse(Unacknowledged old, int itt) {
    Replica end = old.giveResponse(itt);
    if (end == null) {
      return false;
    }
    forget(itt);
    SentData data = old.sent.remove(itt);
    if (data != null) {
      data.lose().forEach(old::drop);
      sent.put(itt, data);
    }
    write(List.of(adopt(itt, end)));
    return true;
  }

  /** Gives a task's response away, so that in its place here nothing is kept any more. */
  private @Nullable Replica giveResponse(int itt) {
    Response response = response(itt);
    Replica end = response == null ? null : response.pdu;
    if (response != null && end != null) {
      response.itt = Tag.NONE;
      response.pdu = null;
    }
    return end;
  }

  private Replica adopt(int itt, Replica end) {
    end.statSn(link.takeStatSn());
    respond(itt, end.statSn(), end);
    return end;
  }
}
