// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * COMPARE AND WRITE and ORWRITE(16) of SBC-3: what is written depends on what is there, and nothing
 * may come in between. The device does that ({@link
 * dev.rootstock.images.block.BlockDevice#update}).
 */
final class Updates {
  private static final int FUA_BIT = 3;
  private static final int COUNT_OF_COMPARE = 13;
  private static final int COUNT_OF_OR = 10;

  private Updates() {}

  static Plan compareAndWrite(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    Sense refused = server.writeRefusal();
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    long lba = cdb.u64(2);
    int count = cdb.u8(COUNT_OF_COMPARE);
    refused = server.checkRange(lba, count, COUNT_OF_COMPARE, Limits.MAX_COMPARE_AND_WRITE_BLOCKS);
    if (refused == null && count == 0 && dataOut != 0) {
      refused = Sense.invalidCdbField(COUNT_OF_COMPARE, 7);
    }
    int length = (int) server.bytes(count);
    if (refused == null && dataOut != 2L * length) {
      refused = Sense.WRONG_DATA_LENGTH;
    }
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    if (count == 0) {
      return Plan.Respond.GOOD;
    }
    Durability durability = server.durability(cdb.bit(1, FUA_BIT));
    return new Plan.Receive(
        2 * length,
        (data, done) -> {
          if (data.remaining() < 2 * length) {
            done.ended(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
            return;
          }
          ByteBuffer both = data.slice();
          new Comparison(both.slice(0, length), both.slice(length, length))
              .run(server, server.bytes(lba), durability, done);
        },
        length);
  }

  /** One COMPARE AND WRITE on its way; the device's thread leaves in it where bytes differ. */
  private static final class Comparison {
    private static final int EQUAL = -1;

    private final ByteBuffer expected;
    private final ByteBuffer wanted;
    private volatile int mismatch = EQUAL;

    Comparison(ByteBuffer expected, ByteBuffer wanted) {
      this.expected = expected;
      this.wanted = wanted;
    }

    void run(DeviceServer server, long offset, Durability durability, Plan.Completion done) {
      server
          .device()
          .update(
              offset,
              ByteBuffer.allocate(expected.capacity()),
              this::change,
              durability,
              failure -> {
                if (failure != null) {
                  done.ended(Plan.Fail.of(failure));
                } else if (mismatch != EQUAL) {
                  // INFORMATION is the offset of the first byte that differs (SBC-3 §5.2).
                  done.ended(
                      Plan.Fail.of(Sense.MISCOMPARE_DURING_VERIFY.withInformation(mismatch)));
                } else {
                  done.ended(Plan.Respond.GOOD);
                }
              });
    }

    private boolean change(ByteBuffer bytes) {
      ByteBuffer there = bytes.duplicate().clear();
      mismatch = there.slice(0, expected.capacity()).mismatch(expected);
      if (mismatch != EQUAL) {
        return false;
      }
      bytes.put(0, wanted, 0, wanted.capacity());
      return true;
    }
  }

  static Plan orWrite(DeviceServer server, Cdb cdb) {
    long lba = cdb.u64(2);
    long count = cdb.u32(COUNT_OF_OR);
    Sense refused = server.writeRefusal();
    if (refused == null) {
      refused = server.checkRange(lba, count, COUNT_OF_OR, Transfers.maximum(server));
    }
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    if (count == 0) {
      return Plan.Respond.GOOD;
    }
    Durability durability = server.durability(cdb.bit(1, FUA_BIT));
    int length = (int) server.bytes(count);
    int step = Math.min(length, Limits.UPDATE_STEP_BYTES);
    return new Plan.Receive(
        length,
        (data, done) -> {
          if (data.remaining() % server.blockBytes() != 0) {
            done.ended(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
            return;
          }
          ByteBuffer mask = data.slice();
          Steps.run(new OrSteps(server, server.bytes(lba), mask, step, durability), done);
        },
        step);
  }

  /** Sets bits range by range; no block is changed by halves. */
  private static final class OrSteps implements Steps.Source {
    private final DeviceServer server;
    private final long offset;
    private final ByteBuffer mask;
    private final ByteBuffer scratch;
    private final Durability durability;
    private int begun;

    OrSteps(DeviceServer server, long offset, ByteBuffer mask, int step, Durability durability) {
      this.server = server;
      this.offset = offset;
      this.mask = mask;
      this.durability = durability;
      scratch = ByteBuffer.allocate(step);
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion done) {
      if (begun == mask.limit()) {
        return Plan.Respond.GOOD;
      }
      int at = begun;
      int length = Math.min(scratch.capacity(), mask.limit() - begun);
      begun += length;
      server
          .device()
          .update(
              offset + at,
              scratch.slice(0, length),
              bytes -> {
                for (int i = 0; i < length; i++) {
                  bytes.put(i, (byte) (bytes.get(i) | mask.get(at + i)));
                }
                return true;
              },
              durability,
              done);
      return null;
    }
  }
}
