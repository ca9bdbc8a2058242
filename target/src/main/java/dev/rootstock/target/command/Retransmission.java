// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.command.Unacknowledged.Refusal;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is sent again on one connection: the answers to its SNACKs (RFC 7143 §11.16), out of what is
 * {@link Unacknowledged} there.
 */
final class Retransmission {
  private final Allegiance link;
  private final Unacknowledged sent;

  Retransmission(Allegiance link, Unacknowledged sent) {
    this.link = link;
    this.sent = sent;
  }

  /** Answers a SNACK; see {@link Unacknowledged#answer}. */
  @Nullable Refusal answer(SnackRequest snack, @Nullable Task task) {
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
      case SnackRequest.DATA_ACK -> sent.dataAck(snack);
      default -> resegment(snack, task);
    };
  }

  private @Nullable Refusal dataOrR2t(SnackRequest snack, @Nullable Task task) {
    SentData data = sent.dataOf(snack.itt());
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
    SentResponses responses = sent.responses();
    boolean unacknowledged = snack.begRun() == 0 && snack.runLength() == 0;
    int from = unacknowledged ? responses.acknowledged() : snack.begRun();
    int to = snack.runLength() == 0 ? responses.next() : from + snack.runLength();
    if (!unacknowledged && !responses.known(from, to)) {
      return new Refusal(Reject.PROTOCOL_ERROR, 0);
    }
    List<Replica> again = responses.kept(from, to);
    return again.size() == to - from ? send(again) : new Refusal(Reject.SNACK_REJECT, 0);
  }

  /** §11.16.3: all unacknowledged data in the segments of now, and the response if it was sent. */
  private @Nullable Refusal resegment(SnackRequest snack, @Nullable Task task) {
    int tag = snack.ttt();
    if (tag == 0 || tag == Tag.NONE || snack.begRun() != 0 || snack.runLength() != 0) {
      return new Refusal(Reject.INVALID_PDU_FIELD, 0);
    }
    SentResponses.Response response = sent.responses().of(snack.itt());
    if (task == null && response == null) {
      return new Refusal(Reject.PROTOCOL_ERROR, sent.nextDataSn(snack.itt()));
    }
    SentData data = sent.makeData(snack.itt());
    Replica end = response == null ? null : response.pdu();
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
    sent.cut(data);
    write(data.get(data.first(), data.next()));
    if (end != null) {
      end.resegmented(tag, data.next());
      write(List.of(end));
    }
    return null;
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

  /** Sends copies with the numbers of now. */
  void write(List<Replica> again) {
    for (Replica pdu : again) {
      pdu.renumber(link.expCmdSn(), link.maxCmdSn());
      link.writer().writeAgain(pdu);
    }
    link.flushSoon();
  }
}
