// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request that came before its turn, with the unsolicited data that followed it (RFC 7143
 * §4.2.2.1, §4.2.5.2). All its data are copies that pin no network buffer.
 */
final class Early {

  /**
   * Data of a command that waits.
   *
   * @param intact whether they are what their digest says, and were kept
   */
  record Data(DataOut pdu, boolean intact) {}

  private final Connection connection;
  private final InitiatorPdu pdu;
  private final ByteBuf header;
  private final List<Data> data = new ArrayList<>(0);

  /** Stands for all data for which there was no room; from its first one on, none is kept. */
  private @Nullable DataOut lost;

  private int bytes;

  /**
   * Makes one without data of its own.
   *
   * @param connection it came on
   * @param pdu now owned by this
   * @param header as it came, for a Reject
   */
  Early(Connection connection, InitiatorPdu pdu, ByteBuf header) {
    this.connection = connection;
    this.pdu = pdu;
    this.header = header;
    this.bytes = pdu.data().readableBytes();
  }

  /** The request that is being received. */
  static Early of(Connection connection, InitiatorPdu pdu) {
    return new Early(connection, copy(pdu), connection.header());
  }

  private static InitiatorPdu copy(InitiatorPdu pdu) {
    return switch (pdu) {
      case ScsiCommand c ->
          new ScsiCommand(
              false,
              c.complete(),
              c.read(),
              c.write(),
              c.attribute(),
              c.lun(),
              c.itt(),
              c.expectedLength(),
              c.cmdSn(),
              c.expStatSn(),
              c.cdbHigh(),
              c.cdbLow(),
              c.ahs(),
              c.data().copy());
      case NopOut n ->
          new NopOut(false, n.lun(), n.itt(), n.ttt(), n.cmdSn(), n.expStatSn(), n.data().copy());
      case TextRequest t ->
          new TextRequest(
              false,
              t.complete(),
              t.more(),
              t.lun(),
              t.itt(),
              t.ttt(),
              t.cmdSn(),
              t.expStatSn(),
              t.data().copy());
      // Others have no data.
      default -> pdu;
    };
  }

  Connection connection() {
    return connection;
  }

  InitiatorPdu pdu() {
    return pdu;
  }

  ByteBuf header() {
    return header;
  }

  /** What it takes of the memory for what waits. */
  int bytes() {
    return bytes;
  }

  /** Whether unsolicited data with a tag on a connection are this command's. */
  boolean takesData(int itt, Connection from) {
    return pdu instanceof ScsiCommand command
        && command.itt() == itt
        && !command.complete()
        && connection == from;
  }

  /** What it takes to keep some data. */
  static int cost(DataOut pdu) {
    return Limits.EARLY_PDU_BYTES + pdu.data().readableBytes();
  }

  /** Keeps data that there is room for. */
  void add(DataOut pdu, boolean intact) {
    ByteBuf kept = intact ? pdu.data().copy() : Unpooled.EMPTY_BUFFER;
    data.add(new Data(with(pdu, pdu.last(), kept), intact));
    bytes += cost(pdu);
  }

  /** Remembers that data came which are not kept; behind them none is. */
  void lose(DataOut pdu) {
    DataOut first = lost == null ? pdu : lost;
    lost = with(first, first.last() || pdu.last(), Unpooled.EMPTY_BUFFER);
  }

  /** Whether data were lost already, so that those behind them are of no use. */
  boolean hasLost() {
    return lost != null;
  }

  private static DataOut with(DataOut pdu, boolean last, ByteBuf data) {
    return new DataOut(
        last,
        pdu.lun(),
        pdu.itt(),
        pdu.ttt(),
        pdu.expStatSn(),
        pdu.dataSn(),
        pdu.bufferOffset(),
        data);
  }

  /** The data that came, in their order. */
  List<Data> data() {
    List<Data> all = new ArrayList<>(data);
    if (lost != null) {
      all.add(new Data(lost, false));
    }
    return all;
  }

  void release() {
    pdu.release();
    data.forEach(each -> each.pdu().release());
  }
}
