// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** RECEIVE COPY RESULTS for the copies of EXTENDED COPY(LID1) (SPC-4 §6.24). */
final class CopyResults {
  private static final int STATUS_BYTES = 12;
  private static final int PARAMETERS_BYTES = 44;
  private static final int LENGTH_BYTES = 4;
  private static final int DETAILS_HEADER_BYTES = 60;

  // TRANSFER COUNT UNITS.
  private static final int BYTES = 0;
  private static final int KIBIBYTES = 1;

  /** SNLID: a copy without a list identifier is supported. */
  private static final int SNLID = 1;

  private static final int LOG_OF_GRANULARITY = 9;

  private CopyResults() {}

  static Plan copyStatus(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    CopyManager.Copy copy = nexus.copies(server).find(cdb.u8(2));
    if (copy == null) {
      return Plan.Fail.of(Sense.invalidCdbField(2, 7));
    }
    byte[] data = new byte[STATUS_BYTES];
    Bytes.putInt(data, 0, STATUS_BYTES - LENGTH_BYTES);
    data[4] = (byte) copy.status().code();
    Bytes.putShort(data, 5, copy.segments());
    long bytes = copy.bytes();
    boolean fits = bytes <= 0xFFFF_FFFFL;
    data[7] = (byte) (fits ? BYTES : KIBIBYTES);
    Bytes.putInt(data, 8, (int) (fits ? bytes : bytes >>> 10));
    return Plan.Respond.truncated(data, cdb.u32(10));
  }

  static Plan operatingParameters(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    byte[] data = new byte[PARAMETERS_BYTES + ExtendedCopy.DESCRIPTOR_TYPES.length];
    Bytes.putInt(data, 0, data.length - LENGTH_BYTES);
    data[4] = SNLID;
    Bytes.putShort(data, 8, Limits.MAX_COPY_TARGETS);
    Bytes.putShort(data, 10, Limits.MAX_COPY_SEGMENTS);
    Bytes.putInt(data, 12, Limits.MAX_COPY_DESCRIPTOR_BYTES);
    Bytes.putInt(data, 16, (int) server.bytes(ExtendedCopy.MAX_SEGMENT_BLOCKS));
    Bytes.putShort(data, 34, Limits.MAX_COPY_RESULTS); // TOTAL CONCURRENT COPIES
    data[36] = Limits.MAX_COPY_RESULTS; // MAXIMUM CONCURRENT COPIES
    data[37] = LOG_OF_GRANULARITY;
    data[43] = (byte) ExtendedCopy.DESCRIPTOR_TYPES.length;
    System.arraycopy(
        ExtendedCopy.DESCRIPTOR_TYPES,
        0,
        data,
        PARAMETERS_BYTES,
        ExtendedCopy.DESCRIPTOR_TYPES.length);
    return Plan.Respond.truncated(data, cdb.u32(10));
  }

  static Plan failedSegmentDetails(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    CopyManager.Copy copy = nexus.copies(server).find(cdb.u8(2));
    if (copy == null) {
      return Plan.Fail.of(Sense.invalidCdbField(2, 7));
    }
    Sense failure = copy.failure();
    if (failure == null) {
      return Plan.Respond.truncated(new byte[LENGTH_BYTES], cdb.u32(10));
    }
    byte[] sense = failure.fixedFormat();
    byte[] data = new byte[DETAILS_HEADER_BYTES + sense.length];
    Bytes.putInt(data, 0, data.length - LENGTH_BYTES);
    data[56] = (byte) ScsiStatus.CHECK_CONDITION.code(); // EXTENDED COPY COMMAND STATUS
    Bytes.putShort(data, 58, sense.length);
    System.arraycopy(sense, 0, data, DETAILS_HEADER_BYTES, sense.length);
    return Plan.Respond.truncated(data, cdb.u32(10));
  }
}
