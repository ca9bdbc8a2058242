// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.nio.ByteBuffer;

/** SANITIZE (SBC-3 §5.24): OVERWRITE, BLOCK ERASE and EXIT FAILURE MODE. */
final class Sanitize {
  static final int OPCODE = 0x48;

  /** The service action OVERWRITE. */
  static final int OVERWRITE = 0x01;

  private static final int IMMED_BIT = 7;
  static final int AUSE_BIT = 5;

  // The parameter list of OVERWRITE.
  private static final int HEADER_BYTES = 4;
  private static final int INVERT = 0x80;
  private static final int TEST = 0x60;
  private static final int OVERWRITE_COUNT = 0x1F;
  private static final int PATTERN_LENGTH = 2;

  private Sanitize() {}

  static Plan blockErase(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    Sense refused = server.writeRefusal();
    return refused != null
        ? Plan.Fail.of(refused)
        : new Plan.Later(
            done -> begin(nexus, server, cdb, new Sanitation.Method.BlockErase(), done));
  }

  static Plan overwrite(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    Sense refused = server.writeRefusal();
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    int length = cdb.u16(7);
    if (length <= HEADER_BYTES || length > HEADER_BYTES + server.blockBytes()) {
      return Plan.Fail.of(Sense.invalidCdbField(7, 7));
    }
    return new Plan.Receive(
        length,
        (data, done) -> {
          ByteBuffer list = data.slice();
          if (list.limit() < length) {
            done.ended(Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH));
            return;
          }
          int passes = list.get(0) & OVERWRITE_COUNT;
          int pattern = Short.toUnsignedInt(list.getShort(PATTERN_LENGTH));
          if ((list.get(0) & TEST) != 0 || passes == 0) {
            done.ended(Plan.Fail.of(Sense.invalidParameter(0)));
          } else if (pattern == 0 || pattern != length - HEADER_BYTES) {
            done.ended(Plan.Fail.of(Sense.invalidParameter(PATTERN_LENGTH)));
          } else {
            begin(
                nexus,
                server,
                cdb,
                new Sanitation.Method.Overwrite(
                    block(server, list), passes, (list.get(0) & INVERT) != 0),
                done);
          }
        });
  }

  /** The pattern, repeated and cut to a block. */
  private static byte[] block(DeviceServer server, ByteBuffer list) {
    byte[] block = new byte[server.blockBytes()];
    int length = list.limit() - HEADER_BYTES;
    for (int i = 0; i < block.length; i++) {
      block[i] = list.get(HEADER_BYTES + i % length);
    }
    return block;
  }

  /** Begins it, and lets go of the command: whatever becomes of that, the operation goes on. */
  private static void begin(
      Nexus nexus, DeviceServer server, Cdb cdb, Sanitation.Method method, Plan.Completion done) {
    boolean immediate = cdb.bit(1, IMMED_BIT);
    if (!immediate) {
      done.detached();
    }
    Sense refused =
        server
            .sanitation()
            .begin(
                nexus,
                server.device(),
                method,
                cdb.bit(1, AUSE_BIT),
                outcome -> {
                  if (!immediate) {
                    done.ended(outcome);
                  }
                });
    if (refused != null) {
      done.ended(Plan.Fail.of(refused));
    } else if (immediate) {
      done.ended(Plan.Respond.GOOD);
    }
  }

  static Plan exitFailureMode(DeviceServer server, Cdb cdb) {
    return server.sanitation().giveUp()
        ? Plan.Respond.GOOD
        : Plan.Fail.of(Sense.invalidCdbField(1, 4));
  }
}
