// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** SYNCHRONIZE CACHE (SBC-3 §5.26, §5.27) and what else makes data durable. */
final class Flushes {
  private static final int IMMED_BIT = 1;
  private static final int STOP_IMMED_BIT = 0;
  private static final int START_BIT = 0;
  private static final int NO_FLUSH_BIT = 2;

  private Flushes() {}

  static Plan synchronize10(DeviceServer server, Cdb cdb) {
    return synchronize(server, cdb, cdb.u32(2), cdb.u16(7));
  }

  static Plan synchronize16(DeviceServer server, Cdb cdb) {
    return synchronize(server, cdb, cdb.u64(2), cdb.u32(10));
  }

  /** A device flushes all or nothing, so the range is only checked; all is more than was asked. */
  private static Plan synchronize(DeviceServer server, Cdb cdb, long lba, long count) {
    if (!server.holds(lba, count)) {
      return Plan.Fail.of(Sense.LBA_OUT_OF_RANGE);
    }
    return flush(server, cdb.bit(1, IMMED_BIT));
  }

  /**
   * START STOP UNIT (SBC-3 §5.25). There is nothing that could spin down: stopping makes data
   * durable, as it has to, and the unit stays ready. Power conditions and LOEJ are refused by the
   * table.
   */
  static Plan startStop(DeviceServer server, Cdb cdb) {
    boolean flushes = !cdb.bit(4, START_BIT) && !cdb.bit(4, NO_FLUSH_BIT);
    return flushes ? flush(server, cdb.bit(1, STOP_IMMED_BIT)) : Plan.Respond.GOOD;
  }

  /**
   * @param immediate whether the status may not wait for the flush (the IMMED bit). A flush that
   *     fails then is not lost: its device refuses all that follows (design, promise 3).
   */
  private static Plan flush(DeviceServer server, boolean immediate) {
    if (server.readOnly()) {
      return Plan.Respond.GOOD;
    }
    return new Plan.Later(
        done -> {
          if (immediate) {
            server.device().flush(ignored -> {});
            done.ended(Plan.Respond.GOOD);
          } else {
            server
                .device()
                .flush(
                    failure ->
                        done.ended(failure == null ? Plan.Respond.GOOD : Plan.Fail.of(failure)));
          }
        });
  }
}
