// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.Extent;
import java.util.ArrayList;
import java.util.List;

/**
 * GET LBA STATUS (SBC-3 §5.4): which blocks hold data and which read as zeros because nothing is
 * kept for them. Initiators that see logical block provisioning ask before they copy a disk; QEMU
 * complains in its log where the answer is no.
 *
 * <p>The answer ends early, as the standard allows, where it would take long to find or much room.
 */
final class LbaStatus {
  private static final int HEADER_BYTES = 8;
  private static final int DESCRIPTOR_BYTES = 16;
  private static final int LENGTH_FIELD_BYTES = 4;

  /** PROVISIONING STATUS. */
  private static final int MAPPED = 0;

  private static final int DEALLOCATED = 1;

  private LbaStatus() {}

  static Plan plan(DeviceServer server, Cdb cdb) {
    long lba = cdb.u64(2);
    if (!server.holds(lba, 0)) {
      return Plan.Fail.of(Sense.LBA_OUT_OF_RANGE);
    }
    long length = Math.min(server.bytes(server.blocks() - lba), Limits.MAX_LBA_STATUS_BYTES);
    List<Run> runs = runs(server.device().extents(server.bytes(lba), length));
    byte[] data = new byte[HEADER_BYTES + runs.size() * DESCRIPTOR_BYTES];
    Bytes.putInt(data, 0, data.length - LENGTH_FIELD_BYTES);
    int at = HEADER_BYTES;
    for (Run run : runs) {
      Bytes.putLong(data, at, server.blocksIn(run.offset));
      Bytes.putInt(data, at + 8, (int) server.blocksIn(run.length));
      data[at + 12] = (byte) run.status;
      at += DESCRIPTOR_BYTES;
    }
    return Plan.Respond.truncated(data, cdb.u32(10));
  }

  private record Run(long offset, long length, int status) {}

  /** Neighbours of one status are one run. */
  private static List<Run> runs(List<Extent> extents) {
    List<Run> runs = new ArrayList<>();
    for (Extent extent : extents) {
      int status = extent instanceof Extent.Zero ? DEALLOCATED : MAPPED;
      if (!runs.isEmpty() && runs.getLast().status == status) {
        Run last = runs.removeLast();
        runs.add(new Run(last.offset, last.length + extent.length(), status));
      } else if (runs.size() < Limits.MAX_LBA_STATUS_DESCRIPTORS) {
        runs.add(new Run(extent.offset(), extent.length(), status));
      } else {
        return runs;
      }
    }
    return runs;
  }
}
