// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/**
 * INQUIRY (SPC-4 §6.6) and its standard data; the pages of vital product data are in {@link
 * VitalProductData}. The strings here get burnt into the device names of clients' disks.
 */
final class Inquiry {
  static final int OPCODE = 0x12;

  /** T10 VENDOR IDENTIFICATION, eight characters. */
  static final String VENDOR = "ROOTSTCK";

  private static final String PRODUCT = "BOOT DISK";
  private static final String REVISION = "0001";

  private static final int EVPD_BIT = 0;
  private static final int BYTES = 96;
  private static final int ADDITIONAL_LENGTH = 4;

  /** PERIPHERAL QUALIFIER 011b and DEVICE TYPE 1Fh: no unit is or can be here. */
  private static final int ABSENT = 0x7F;

  private static final int VERSION_SPC_4 = 0x06;
  private static final int HISUP = 0x10;
  private static final int RESPONSE_DATA_FORMAT = 0x02;

  /** MULTIP: the device has several target ports. */
  private static final int MULTIP = 0x10;

  private static final int CMDQUE = 0x02;

  /** TPGS 01b: REPORT TARGET PORT GROUPS is there, SET TARGET PORT GROUPS is not. */
  private static final int IMPLICIT_TPGS = 0x10;

  /** 3PC: EXTENDED COPY and RECEIVE COPY RESULTS are there. */
  private static final int THIRD_PARTY_COPY = 0x08;

  /**
   * SAM-5, SPC-4 and SBC-3, no version of each claimed (SPC-4 §6.6), and iSCSI with the protocol
   * level that is negotiated (RFC 7144 §4.2).
   */
  private static final int[] VERSION_DESCRIPTORS = {0x00A0, 0x0961, 0x0460, 0x04C0};

  private Inquiry() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    int page = cdb.u8(2);
    if (cdb.bit(1, EVPD_BIT)) {
      byte[] data = VitalProductData.page(nexus, server, page);
      return data == null ? noSuchPage() : respond(data, cdb);
    }
    return page != 0 ? noSuchPage() : respond(standard(0, server.ports().several()), cdb);
  }

  /**
   * The answer for a unit that is not there; it has no vital product data (SPC-4 §6.6).
   *
   * @param several whether the target has several ports
   */
  static Plan absent(Cdb cdb, boolean several) {
    boolean standard = !cdb.bit(1, EVPD_BIT) && cdb.u8(2) == 0;
    return standard ? respond(standard(ABSENT, several), cdb) : noSuchPage();
  }

  private static Plan noSuchPage() {
    return Plan.Fail.of(Sense.invalidCdbField(2, 7));
  }

  private static Plan respond(byte[] data, Cdb cdb) {
    return Plan.Respond.truncated(data, cdb.u16(3));
  }

  private static byte[] standard(int peripheral, boolean severalPorts) {
    byte[] data = new byte[BYTES];
    data[0] = (byte) peripheral;
    data[2] = VERSION_SPC_4;
    data[3] = HISUP | RESPONSE_DATA_FORMAT;
    data[ADDITIONAL_LENGTH] = BYTES - (ADDITIONAL_LENGTH + 1);
    data[5] = IMPLICIT_TPGS | THIRD_PARTY_COPY;
    data[6] = (byte) (severalPorts ? MULTIP : 0);
    data[7] = CMDQUE;
    Bytes.putAscii(data, 8, 8, VENDOR);
    Bytes.putAscii(data, 16, 16, PRODUCT);
    Bytes.putAscii(data, 32, 4, REVISION);
    for (int i = 0; i < VERSION_DESCRIPTORS.length; i++) {
      Bytes.putShort(data, 58 + 2 * i, VERSION_DESCRIPTORS[i]);
    }
    return data;
  }
}
