// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * VERIFY and WRITE AND VERIFY, (10), (12) and (16) each, of SBC-3: read blocks, and compare them if
 * BYTCHK says so. What is verified after a write is what would survive power loss.
 */
final class Verification {
  // The values of BYTCHK, bits 2 and 1 of byte 1; the fourth, 01b, compares all blocks.
  private static final int READ_ONLY = 0b00;
  private static final int RESERVED = 0b10;
  private static final int COMPARE_ONE = 0b11;

  private static final int IMMED_BIT = 1;

  private Verification() {}

  static Plan ten(DeviceServer server, Cdb cdb) {
    return plan(server, cdb, cdb.u32(2), cdb.u16(7), 7);
  }

  static Plan twelve(DeviceServer server, Cdb cdb) {
    return plan(server, cdb, cdb.u32(2), cdb.u32(6), 6);
  }

  static Plan sixteen(DeviceServer server, Cdb cdb) {
    return plan(server, cdb, cdb.u64(2), cdb.u32(10), 10);
  }

  static Plan writeTen(DeviceServer server, Cdb cdb) {
    return writeAndVerify(server, cdb, cdb.u32(2), cdb.u16(7), 7);
  }

  static Plan writeTwelve(DeviceServer server, Cdb cdb) {
    return writeAndVerify(server, cdb, cdb.u32(2), cdb.u32(6), 6);
  }

  static Plan writeSixteen(DeviceServer server, Cdb cdb) {
    return writeAndVerify(server, cdb, cdb.u64(2), cdb.u32(10), 10);
  }

  /** As with WRITE, fewer blocks are written when the initiator sends fewer, and no part of one. */
  private static Plan writeAndVerify(
      DeviceServer server, Cdb cdb, long lba, long count, int countField) {
    int check = byteCheck(cdb);
    if (check == RESERVED || check == COMPARE_ONE) {
      return Plan.Fail.of(Sense.invalidCdbField(1, 2));
    }
    Sense refused = server.writeRefusal();
    if (refused == null) {
      refused = server.checkRange(lba, count, countField, Transfers.maximum(server));
    }
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    if (count == 0) {
      return Plan.Respond.GOOD;
    }
    long offset = server.bytes(lba);
    int length = (int) server.bytes(count);
    return new Plan.Receive(
        length,
        (data, done) -> {
          int whole = data.remaining();
          if (whole % server.blockBytes() != 0) {
            done.ended(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
            return;
          }
          if (whole == 0) {
            done.ended(Plan.Respond.GOOD);
            return;
          }
          ByteBuffer written = data.slice();
          ByteBuffer expected = check == READ_ONLY ? null : written.duplicate();
          server
              .device()
              .write(
                  offset,
                  new ByteBuffer[] {written},
                  Durability.FORCED,
                  failure -> {
                    if (failure != null) {
                      done.ended(Plan.Fail.of(failure));
                    } else {
                      Steps.run(new Check(server, offset, whole, expected), done);
                    }
                  });
        },
        Math.min(length, Limits.VERIFY_STEP_BYTES));
  }

  private static int byteCheck(Cdb cdb) {
    return cdb.u8(1) >>> 1 & 0b11;
  }

  /**
   * PRE-FETCH (SBC-3, PRE-FETCH commands): reads, so that what lies below has the blocks at hand.
   * The status is GOOD and never CONDITION MET, because no cache here is ours to promise anything
   * of; IMMED then means that nothing has to be done, and a long range is fetched as far as one
   * transfer.
   */
  static Plan prefetch10(DeviceServer server, Cdb cdb) {
    return prefetch(server, cdb, cdb.u32(2), cdb.u16(7));
  }

  static Plan prefetch16(DeviceServer server, Cdb cdb) {
    return prefetch(server, cdb, cdb.u64(2), cdb.u32(10));
  }

  private static Plan prefetch(DeviceServer server, Cdb cdb, long lba, long count) {
    if (!server.holds(lba, count)) {
      return Plan.Fail.of(Sense.LBA_OUT_OF_RANGE);
    }
    if (cdb.bit(1, IMMED_BIT)) {
      return Plan.Respond.GOOD;
    }
    long blocks = count == 0 ? server.blocks() - lba : count;
    int length = (int) server.bytes(Math.min(blocks, Transfers.maximum(server)));
    return new Plan.Later(
        done -> Steps.run(new Check(server, server.bytes(lba), length, null), done),
        Math.min(length, Limits.VERIFY_STEP_BYTES));
  }

  private static Plan plan(DeviceServer server, Cdb cdb, long lba, long count, int countField) {
    int check = byteCheck(cdb);
    if (check == RESERVED) {
      return Plan.Fail.of(Sense.invalidCdbField(1, 2));
    }
    Sense refused = server.checkRange(lba, count, countField, Transfers.maximum(server));
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    if (count == 0) {
      return Plan.Respond.GOOD;
    }
    long offset = server.bytes(lba);
    int length = (int) server.bytes(count);
    int memory = Math.min(length, Limits.VERIFY_STEP_BYTES);
    if (check == READ_ONLY) {
      return new Plan.Later(
          done -> Steps.run(new Check(server, offset, length, null), done), memory);
    }
    int expected = check == COMPARE_ONE ? server.blockBytes() : length;
    return new Plan.Receive(
        expected,
        (data, done) -> {
          if (data.remaining() < expected) {
            done.ended(Plan.Fail.of(Sense.WRONG_DATA_LENGTH));
          } else {
            Steps.run(new Check(server, offset, length, data.slice()), done);
          }
        },
        memory);
  }

  /** Reads in steps, and compares each with its part of the data, if there are any. */
  private static final class Check implements Steps.Source {
    private final DeviceServer server;
    private final long offset;
    private final int length;
    private final @Nullable ByteBuffer expected;
    private final ByteBuffer step;
    private int read;

    Check(DeviceServer server, long offset, int length, @Nullable ByteBuffer expected) {
      this.server = server;
      this.offset = offset;
      this.length = length;
      this.expected = expected;
      step = ByteBuffer.allocate(Math.min(length, Limits.VERIFY_STEP_BYTES)).limit(0);
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion done) {
      if (expected != null && !matches(expected, step.flip())) {
        return Plan.Fail.of(Sense.MISCOMPARE_DURING_VERIFY);
      }
      if (read == length) {
        return Plan.Respond.GOOD;
      }
      step.clear().limit(Math.min(step.capacity(), length - read));
      long at = offset + read;
      read += step.limit();
      server.device().read(at, step, done);
      return null;
    }

    /** Compares the step that was read last with what came for it: its own part, or one block. */
    private boolean matches(ByteBuffer expected, ByteBuffer step) {
      int begin = read - step.limit();
      int unit = Math.min(expected.limit(), step.limit());
      for (int done = 0; done < step.limit(); done += unit) {
        int from = (begin + done) % expected.limit();
        if (!step.slice(done, unit).equals(expected.slice(from, unit))) {
          return false;
        }
      }
      return true;
    }
  }
}
