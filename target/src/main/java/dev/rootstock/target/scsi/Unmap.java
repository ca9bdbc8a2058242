// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** UNMAP (SBC-3 §5.28): ranges of blocks that the initiator needs no longer. */
final class Unmap {
  private static final int HEADER_BYTES = 8;
  private static final int DESCRIPTOR_BYTES = 16;

  // Where fields stand: in the parameter list, and in a descriptor.
  private static final int DATA_LENGTH = 0;
  private static final int DESCRIPTORS_LENGTH = 2;
  private static final int LBA = 0;
  private static final int COUNT = 8;

  private Unmap() {}

  static Plan plan(DeviceServer server, Cdb cdb) {
    Sense protection = server.writeRefusal();
    if (protection != null) {
      return Plan.Fail.of(protection);
    }
    int length = cdb.u16(7);
    if (length == 0) {
      return Plan.Respond.GOOD;
    }
    return new Plan.Receive(
        length,
        (data, done) -> {
          ByteBuffer list = data.slice();
          Sense refused = list.limit() < length ? Sense.PARAMETER_LIST_LENGTH : check(server, list);
          if (refused != null) {
            done.ended(Plan.Fail.of(refused));
          } else {
            Steps.run(new Discards(server, list), server.settling(done));
          }
        });
  }

  /** Checks the whole list before anything is given up. */
  private static @Nullable Sense check(DeviceServer server, ByteBuffer list) {
    int bytes = list.limit();
    if (bytes < HEADER_BYTES
        || u16(list, DATA_LENGTH) > bytes - (DATA_LENGTH + 2)
        || u16(list, DESCRIPTORS_LENGTH) > bytes - HEADER_BYTES) {
      return Sense.PARAMETER_LIST_LENGTH;
    }
    int descriptors = descriptors(list);
    if (descriptors > Limits.MAX_UNMAP_DESCRIPTORS) {
      return Sense.invalidParameter(DESCRIPTORS_LENGTH);
    }
    long total = 0;
    for (int i = 0; i < descriptors; i++) {
      int at = HEADER_BYTES + DESCRIPTOR_BYTES * i;
      long lba = list.getLong(at + LBA);
      long count = Integer.toUnsignedLong(list.getInt(at + COUNT));
      // An empty range may stand at the very end, which DeviceServer.holds would refuse.
      if (lba < 0 || lba > server.blocks() || count > server.blocks() - lba) {
        return Sense.LBA_OUT_OF_RANGE;
      }
      total += count;
      if (total > server.blocksIn(Limits.MAX_UNMAP_BYTES)) {
        return Sense.invalidParameter(at + COUNT);
      }
    }
    return null;
  }

  /** How many there are; an incomplete last one is ignored (SBC-3 §5.28). */
  private static int descriptors(ByteBuffer list) {
    return u16(list, DESCRIPTORS_LENGTH) / DESCRIPTOR_BYTES;
  }

  private static int u16(ByteBuffer list, int index) {
    return Short.toUnsignedInt(list.getShort(index));
  }

  /** Discards one range after the other. */
  private static final class Discards implements Steps.Source {
    private final DeviceServer server;
    private final ByteBuffer list;
    private final int end;
    private int at = HEADER_BYTES;

    Discards(DeviceServer server, ByteBuffer list) {
      this.server = server;
      this.list = list;
      end = HEADER_BYTES + DESCRIPTOR_BYTES * descriptors(list);
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion done) {
      while (at < end) {
        long lba = list.getLong(at + LBA);
        long count = Integer.toUnsignedLong(list.getInt(at + COUNT));
        at += DESCRIPTOR_BYTES;
        if (count != 0) {
          server.device().discard(server.bytes(lba), server.bytes(count), done);
          return null;
        }
      }
      return Plan.Respond.GOOD;
    }
  }
}
