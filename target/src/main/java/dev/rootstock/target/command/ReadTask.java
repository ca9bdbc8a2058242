// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Loan;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.Residual;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.scsi.Plan;
import dev.rootstock.target.scsi.ScsiStatus;
import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A READ: the hot path of the server.
 *
 * <p><b>Hot.</b> While the device can answer at once, each Data-In's bytes are read straight into
 * the connection's batch, behind the place of their header: no buffer of the command's own, no
 * copy, and one system call for all answers of a burst of requests.
 *
 * <p><b>Cold.</b> What the device cannot answer at once is read off the loop, {@link
 * Limits#READ_CHUNK} at a time, into a buffer of its own that is sent in slices. That way also
 * serves segments that are no whole blocks.
 *
 * <p><b>Lent.</b> A long Data-In of a golden image's bytes is not read at all: the device lends the
 * pages where they lie, and the kernel copies them into the socket ({@link #lend}). It needs a
 * range that the client has not written, no recovery level that keeps replicas, and, for a data
 * digest, a checksum that is remembered. docs/performance.md has what it brings.
 *
 * <p>A read pauses when the initiator does not take what it has asked for, and goes on when it
 * does: so that nobody makes us hold more than {@link Limits#OUTBOUND_HIGH} and the chunks that
 * were being read by then, which {@link Limits#SESSION_BYTES} bounds.
 */
public final class ReadTask extends Task {
  /** RFC 7143 §11.4.7.2. */
  private static final Sense SNACK_REJECTED = new Sense(0x0B, 0x11, 0x13, Sense.ABSENT, 0);

  private final Plan.ReadBlocks plan;

  /** What goes over the wire, and the residual that tells of the rest. */
  private final int length;

  private final Residual residual;
  private final int blockBytes;

  /** Bytes sent, and the state of the sequence they belong to (§11.7.1). */
  private int sent;

  private int sentInBurst;
  private int dataSn;
  private boolean started;
  private boolean running;

  /** Whether the device works for the read off the loop. */
  private boolean reading;

  /**
   * Bytes sent since the initiator was asked for an acknowledgement, and the tag of that (§11.7.2).
   */
  private int sinceAcknowledge;

  private int acknowledgementTag = Tag.NONE;

  ReadTask(Allegiance link, ScsiCommand command, Plan.ReadBlocks plan) {
    super(link, command);
    this.plan = plan;
    this.length = (int) Math.min(plan.length(), expectedIn);
    this.residual = residual(plan.length());
    this.blockBytes = plan.device().geometry().logicalBlockBytes();
  }

  @Override
  public void start() {
    started = true;
    if (!plan.flushFirst()) {
      resume();
      return;
    }
    reading = true;
    operationBegins();
    plan.device()
        .flush(
            failure ->
                link.execute(
                    () -> {
                      reading = false;
                      if (failure != null) {
                        failed(failure);
                      } else {
                        resume();
                      }
                      operationEnds();
                    }));
  }

  @Override
  public void resume() {
    if (!started || isAborted() || isOver() || running || reading) {
      return;
    }
    running = true;
    try {
      run();
    } finally {
      running = false;
    }
  }

  private void run() {
    if (length == 0) {
      conclude();
      status(ScsiStatus.GOOD, residual, 0, Unpooled.EMPTY_BUFFER);
      link.flushSoon();
      return;
    }
    int segment = wholeBlocks(maxSegment());
    while (sent < length && !isOver()) {
      if (!link.mayRead(this)) {
        return;
      }
      int n = Math.min(segment, length - sent);
      if (n == 0 || n % blockBytes != 0 || !(lend(n) || readAtOnce(n))) {
        if (!readElsewhere() || reading) {
          return;
        }
      }
    }
    link.flushSoon();
  }

  /** Sends one Data-In's bytes from where the device has them, if it lends them. */
  private boolean lend(int n) {
    PduWriter writer = link.writer();
    if (n < Limits.LEAST_LOAN || !writer.takesLoans()) {
      return false;
    }
    Loan loan = plan.device().tryLend(plan.offset() + sent, n);
    if (loan == null) {
      return false;
    }
    if (!writer.takes(loan)) {
      loan.giveBack();
      return false;
    }
    ByteBuf out = writer.room(writer.dataOffset());
    int at = out.writerIndex();
    header(out, n);
    writer.lend(out, at, loan);
    written();
    return true;
  }

  /** Reads one Data-In's bytes into the batch, and writes its header before them. */
  private boolean readAtOnce(int n) {
    PduWriter writer = link.writer();
    ByteBuf out = writer.room(writer.pduBytes(n));
    int at = out.writerIndex();
    ByteBuffer place = out.internalNioBuffer(at + writer.dataOffset(), n);
    if (!plan.device().tryRead(plan.offset() + sent, place)) {
      return false;
    }
    header(out, n);
    writer.seal(out, at, n);
    written();
    return true;
  }

  /** Writes the header of the next {@code n} bytes, with the status if they are the last. */
  private void header(ByteBuf out, int n) {
    boolean end = sent + n == length;
    Unacknowledged kept = link.unacknowledged();
    // From recovery level 1 on the status is a PDU of its own; see Unacknowledged.
    boolean status = end && kept == null;
    if (kept != null) {
      dataSn = kept.nextDataSn(itt());
    }
    // §11.7.1: a sequence ends where the next segment would go beyond MaxBurstLength.
    boolean last = end || sentInBurst + n + maxSegment() > link.parameters().maxBurst();
    if (end) {
      conclude();
    }
    DataIn.encodeInPlace(
        out,
        n,
        last,
        status,
        itt(),
        status ? link.takeStatSn() : link.nextStatSn(),
        link.expCmdSn(),
        link.maxCmdSn(),
        dataSn,
        sent,
        residual);
    if (kept != null && last && !end) {
      askForAcknowledgement(out, out.writerIndex() - Bhs.BYTES, n);
    }
    dataSn++;
    sent += n;
    sinceAcknowledge += n;
    sentInBurst = last ? 0 : sentInBurst + n;
  }

  /** §11.7.2: once in MaxBurstLength bytes, and not with the last ones, which ExpStatSN covers. */
  private void askForAcknowledgement(ByteBuf out, int at, int n) {
    if (sinceAcknowledge + n < link.parameters().maxBurst()) {
      return;
    }
    if (acknowledgementTag == Tag.NONE) {
      acknowledgementTag = link.newTransferTag();
    }
    DataIn.askForAcknowledgement(out, at, lun(), acknowledgementTag);
    sinceAcknowledge = -n;
  }

  /** A Data-In has been written; the status follows the last one unless it is in there. */
  private void written() {
    if (sent == length && link.unacknowledged() != null) {
      status(ScsiStatus.GOOD, residual, dataSn, Unpooled.EMPTY_BUFFER);
    }
  }

  @Override
  void reassigned() {
    resume();
  }

  @Override
  public void snackRejected() {
    if (!isAborted() && !isOver()) {
      conclude();
      fail(ScsiStatus.CHECK_CONDITION, SNACK_REJECTED, sent, dataSn);
      link.flushSoon();
    }
  }

  /** The longest data segment; a multiple of four, so that only the last one has padding. */
  private int maxSegment() {
    return Math.min(link.parameters().maxSendSegment(), link.parameters().maxBurst()) & ~3;
  }

  private int wholeBlocks(int bytes) {
    return bytes / blockBytes * blockBytes;
  }

  /**
   * Reads what follows off the loop.
   *
   * @return false when there is no memory for it now
   */
  private boolean readElsewhere() {
    // Whole blocks around the bytes that are wanted: a pause may have ended inside a block.
    int from = wholeBlocks(sent);
    int rest = wholeBlocks(length - from + blockBytes - 1);
    int n = Math.min(rest, Math.max(Limits.READ_CHUNK, blockBytes));
    ByteBuf chunk = reserved(n, 0);
    if (chunk == null) {
      link.awaitMemory(this);
      return false;
    }
    reading = true;
    operationBegins();
    plan.device()
        .read(
            plan.offset() + from,
            chunk.nioBuffer(0, n),
            failure -> link.execute(() -> arrived(chunk, from, n, failure)));
    return true;
  }

  private void arrived(ByteBuf chunk, int from, int n, @Nullable BlockIoException failure) {
    reading = false;
    try {
      if (isAborted() || isOver()) {
        return;
      }
      if (failure != null) {
        failed(failure);
        return;
      }
      chunk.writerIndex(n);
      int end = Math.min(from + n, length);
      while (sent < end) {
        int segment = Math.min(maxSegment(), end - sent);
        ByteBuf data = chunk.retainedSlice(sent - from, segment);
        ByteBuf out = link.writer().room(link.writer().dataOffset());
        int at = out.writerIndex();
        header(out, segment);
        link.writer().append(out, at, data);
        written();
      }
      link.flushSoon();
    } finally {
      chunk.release();
      // Its slices may wait in the connection until the initiator takes them.
      link.sending(n);
      operationEnds();
    }
    resume();
  }

  private void failed(BlockIoException failure) {
    if (isAborted() || isOver()) {
      return;
    }
    conclude();
    Plan.Fail told = Plan.Fail.of(failure);
    fail(told.status(), told.sense(), sent, dataSn);
    link.flushSoon();
  }

  @Override
  void release() {}
}
