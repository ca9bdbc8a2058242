// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes and drops the copies of what a connection has sent, each counted in a budget of its session
 * and in one of the server.
 */
final class Replicas {
  private final ByteBufAllocator allocator;
  private final MemoryBudget session;
  private final MemoryBudget all;

  /**
   * Makes copies out of two budgets.
   *
   * @param session what the connections of the session may keep together
   * @param all what all sessions may keep
   */
  Replicas(ByteBufAllocator allocator, MemoryBudget session, MemoryBudget all) {
    this.allocator = allocator;
    this.session = session;
    this.all = all;
  }

  /** A copy of a PDU that is being sent; null when there is no room for it. */
  @Nullable Replica keep(ByteBuf header, int at, ByteBuf data, int dataAt, int length) {
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
      copy = Replica.of(allocator, header, at, data, dataAt, length);
      return copy;
    } finally {
      if (copy == null) {
        giveBack(size);
      }
    }
  }

  /** Cuts Data-In PDUs into segments of a length, those that are longer. */
  List<Replica> cut(List<Replica> pdus, int segment) {
    List<Replica> pieces = new ArrayList<>();
    for (Replica pdu : pdus) {
      if (pdu.size() - Bhs.BYTES <= segment) {
        pieces.add(pdu);
        continue;
      }
      for (Replica piece : pdu.cut(allocator, segment)) {
        // A header more for each piece; the data are counted already.
        session.take(piece.size());
        all.take(piece.size());
        pieces.add(piece);
      }
      drop(pdu);
    }
    return pieces;
  }

  /** Gives a copy's memory back. */
  void drop(@Nullable Replica pdu) {
    if (pdu != null) {
      giveBack(pdu.size());
      pdu.release();
    }
  }

  private void giveBack(int size) {
    session.give(size);
    all.give(size);
  }
}
