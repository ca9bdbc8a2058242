// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.nio.ByteBuffer;

/**
 * WRITE SAME (10) and (16) of SBC-3: one block for many places. A count of zero, which would mean
 * "up to the end", is refused and VPD page B0 says so (WSNZ): nearly everywhere on a disk it would
 * be more than the maximum.
 */
final class WriteSame {
  private static final int UNMAP_BIT = 3;
  private static final int NDOB_BIT = 0;

  private WriteSame() {}

  static Plan ten(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return plan(server, cdb, dataOut, cdb.u32(2), cdb.u16(7), 7);
  }

  static Plan sixteen(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return plan(server, cdb, dataOut, cdb.u64(2), cdb.u32(10), 10);
  }

  private static Plan plan(
      DeviceServer server, Cdb cdb, long dataOut, long lba, long count, int countField) {
    Sense refused = server.writeRefusal();
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    if (count == 0) {
      return Plan.Fail.of(Sense.invalidCdbField(countField, 7)); // WSNZ
    }
    refused =
        server.checkRange(lba, count, countField, server.blocksIn(Limits.MAX_WRITE_SAME_BYTES));
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    boolean unmap = cdb.bit(1, UNMAP_BIT);
    long offset = server.bytes(lba);
    long length = server.bytes(count);
    if (cdb.bit(1, NDOB_BIT)) {
      ByteBuffer zeros = ByteBuffer.allocate(server.blockBytes());
      return new Plan.Later(
          done -> start(server, offset, length, zeros, unmap, done), Fill.patternBytes(length));
    }
    if (dataOut != server.blockBytes()) {
      return Plan.Fail.of(Sense.WRONG_DATA_LENGTH);
    }
    return new Plan.Receive(
        server.blockBytes(),
        (data, done) -> {
          if (data.remaining() != server.blockBytes()) {
            done.ended(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
          } else {
            start(server, offset, length, data, unmap, done);
          }
        },
        Fill.patternBytes(length));
  }

  /**
   * Gives the range up if that is asked for and reads back as the same (LBPRZ), else writes it:
   * UNMAP allows an unmap operation and does not demand one (SBC-3, unmapping).
   */
  private static void start(
      DeviceServer server,
      long offset,
      long length,
      ByteBuffer block,
      boolean unmap,
      Plan.Completion end) {
    Plan.Completion done = server.settling(end);
    if (unmap && isZero(block)) {
      server
          .device()
          .discard(
              offset,
              length,
              failure -> done.ended(failure == null ? Plan.Respond.GOOD : Plan.Fail.of(failure)));
    } else {
      Steps.run(new Fill(server.device(), offset, length, block), done);
    }
  }

  private static boolean isZero(ByteBuffer block) {
    for (int i = block.position(); i < block.limit(); i++) {
      if (block.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
