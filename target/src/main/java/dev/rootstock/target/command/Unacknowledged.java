// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.Opcode;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.MemoryBudget;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has sent and its initiator has not acknowledged, so that it can be sent again
 * (RFC 7143 §4.2.2.2, §7.8, §11.16): numbered responses, and the Data-In PDUs of reads. There is
 * one for each connection from recovery level 1 on, and none at level 0. It outlives its connection
 * as long as tasks may be reassigned (level 2), and is for the session's event loop only.
 *
 * <p><b>Its parts.</b> {@link SentResponses} by StatSN; {@link SentData} of each task; the copies
 * themselves are {@link Replicas}; {@link Retransmission} sends them again.
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

  /**
   * Why a SNACK is refused.
   *
   * @param reason for the Reject (§11.17.1)
   * @param dataSn the next DataSN or R2TSN of the task, or 0 (§11.17.2)
   */
  public record Refusal(int reason, int dataSn) {}

  private final Allegiance link;
  private final Replicas replicas;
  private final SentResponses responses;
  private final Retransmission retransmission;
  private final IntObjectHashMap<SentData> sent = new IntObjectHashMap<>();

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
    this.replicas = new Replicas(link.allocator(), session, all);
    this.responses = new SentResponses(nextStatSn, this::drop);
    this.retransmission = new Retransmission(link, this);
  }

  /**
   * A task begins. Data that another one of the same tag has left are of no use any more; its
   * response may still be asked for by its number, but is no longer this tag's. So it is on every
   * connection of the session, whichever the task begins on.
   */
  public void begin(int itt) {
    forget(itt);
    responses.untag(itt);
  }

  @Override
  public void written(ByteBuf header, int at, ByteBuf data, int dataAt, int length) {
    if (closed) {
      return;
    }
    switch (Bhs.opcode(header, at)) {
      case Opcode.DATA_IN -> {
        SentData run = makeData(Bhs.initiatorTaskTag(header, at));
        run.add(run.keeps() ? replicas.keep(header, at, data, dataAt, length) : null);
        if (Bhs.asksForAcknowledgement(header, at)) {
          run.asks(Bhs.targetTransferTag(header, at), Bhs.lun(header, at));
        }
      }
      case Opcode.READY_TO_TRANSFER -> {
        // Its task knows what it has asked for.
      }
      case Opcode.NOP_IN -> {
        if (Bhs.initiatorTaskTag(header, at) != Tag.NONE) {
          responses.add(
              Tag.NONE, Bhs.statSn(header, at), replicas.keep(header, at, data, dataAt, length));
        }
      }
      case Opcode.SCSI_RESPONSE ->
          responses.add(
              Bhs.initiatorTaskTag(header, at),
              Bhs.statSn(header, at),
              replicas.keep(header, at, data, dataAt, length));
      default ->
          responses.add(
              Tag.NONE, Bhs.statSn(header, at), replicas.keep(header, at, data, dataAt, length));
    }
  }

  /** What was sent of a task's data; null when nothing was. */
  @Nullable SentData dataOf(int itt) {
    return sent.get(itt);
  }

  /** The same, made where there is none. */
  SentData makeData(int itt) {
    SentData data = sent.get(itt);
    if (data == null) {
      data = new SentData();
      sent.put(itt, data);
    }
    return data;
  }

  SentResponses responses() {
    return responses;
  }

  /** A response is kept no longer; nor are the data of its task. */
  private void drop(SentResponses.Response response) {
    replicas.drop(response.pdu());
    if (response.itt() != Tag.NONE && responses.of(response.itt()) == null) {
      forget(response.itt());
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

  /** Takes note of the ExpStatSN of a PDU; a wrong one is of no effect. */
  public void acknowledge(int expStatSn) {
    responses.acknowledge(expStatSn);
  }

  /** Drops the data of a task that was aborted. */
  public void forget(int itt) {
    SentData data = sent.remove(itt);
    if (data != null) {
      data.acknowledge(data.next()).forEach(replicas::drop);
    }
  }

  /** Drops everything: nobody can ask for it any more. */
  public void close() {
    closed = true;
    for (int itt : sent.keySet().toArray(Integer[]::new)) {
      forget(itt);
    }
    responses.close().forEach(response -> replicas.drop(response.pdu()));
  }

  /**
   * Answers a SNACK that came on this connection.
   *
   * @param task the one in progress that has its tag and is allegiant to this connection, or null
   * @return null, or why it is to be rejected, with nothing done
   */
  public @Nullable Refusal answer(SnackRequest snack, @Nullable Task task) {
    return retransmission.answer(snack, task);
  }

  /** §11.16.2. */
  @Nullable Refusal dataAck(SnackRequest snack) {
    for (SentData data : sent.values()) {
      if (data.acknowledgedBy(snack.ttt(), snack.lun())) {
        boolean known = snack.begRun() >= data.first() && snack.begRun() <= data.next();
        if (!known || snack.runLength() != 0) {
          return new Refusal(Reject.INVALID_DATA_ACK, 0);
        }
        data.acknowledge(snack.begRun()).forEach(replicas::drop);
        return null;
      }
    }
    return new Refusal(Reject.INVALID_DATA_ACK, 0);
  }

  /** Cuts data into segments that the initiator takes now. */
  void cut(SentData data) {
    int segment = link.parameters().maxSendSegment() & ~3;
    data.replace(replicas.cut(data.get(data.first(), data.next()), segment));
  }

  /**
   * Whether everything that the initiator has not got of a task can be sent again (§7.2.2).
   *
   * @param expDataSn the first DataSN that it has not got; those before are acknowledged by this
   */
  public boolean holds(int itt, int expDataSn) {
    SentResponses.Response response = responses.of(itt);
    if (response != null && response.pdu() == null) {
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
    return responses.of(itt) != null;
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
      data.acknowledge(Math.max(expDataSn, data.first())).forEach(replicas::drop);
      data.snackTag(0);
      sent.put(itt, data);
      cut(data);
      again.addAll(data.get(data.first(), data.next()));
    }
    Replica end = old.responses.take(itt);
    if (end != null) {
      end.resegmented(0, nextDataSn(itt));
      again.add(adopt(itt, end));
    }
    retransmission.write(again);
  }

  /**
   * Takes the response of a task that is over from another connection of the session, and sends it
   * on this one as it was, with a number of this connection. Of its data only the number stays
   * known: who aborts the task does not want them, and a SNACK for them is rejected.
   *
   * @return false, with nothing done, when the response was not kept
   */
  public boolean takeOverResponse(Unacknowledged old, int itt) {
    Replica end = old.responses.take(itt);
    if (end == null) {
      return false;
    }
    forget(itt);
    SentData data = old.sent.remove(itt);
    if (data != null) {
      data.lose().forEach(old.replicas::drop);
      sent.put(itt, data);
    }
    retransmission.write(List.of(adopt(itt, end)));
    return true;
  }

  private Replica adopt(int itt, Replica end) {
    end.statSn(link.takeStatSn());
    responses.add(itt, end.statSn(), end);
    return end;
  }
}
