// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The pages of vital product data (SPC-4 §7.8; the B pages, SBC-3). */
final class VitalProductData {
  private static final int SUPPORTED_PAGES = 0x00;
  private static final int UNIT_SERIAL_NUMBER = 0x80;
  private static final int DEVICE_IDENTIFICATION = 0x83;
  private static final int EXTENDED_INQUIRY = 0x86;
  private static final int MODE_PAGE_POLICY = 0x87;
  private static final int SCSI_PORTS = 0x88;
  private static final int BLOCK_LIMITS = 0xB0;
  private static final int BLOCK_DEVICE_CHARACTERISTICS = 0xB1;
  private static final int LOGICAL_BLOCK_PROVISIONING = 0xB2;

  private static final byte[] PAGES = {
    SUPPORTED_PAGES,
    (byte) UNIT_SERIAL_NUMBER,
    (byte) DEVICE_IDENTIFICATION,
    (byte) EXTENDED_INQUIRY,
    (byte) MODE_PAGE_POLICY,
    (byte) SCSI_PORTS,
    (byte) BLOCK_LIMITS,
    (byte) BLOCK_DEVICE_CHARACTERISTICS,
    (byte) LOGICAL_BLOCK_PROVISIONING
  };

  /** Mode page policy: all pages and subpages, shared by all nexuses. */
  private static final byte[] SHARED_BY_ALL = {0x3F, (byte) 0xFF, 0, 0};

  private static final int HEADER_BYTES = 4;
  private static final int DESIGNATOR_HEADER_BYTES = 4;
  private static final int PORT_HEADER_BYTES = 12;

  private VitalProductData() {}

  /** A whole page, or null when there is no such page. */
  static byte @Nullable [] page(Nexus nexus, DeviceServer server, int code) {
    return switch (code) {
      case SUPPORTED_PAGES -> page(code, PAGES);
      case UNIT_SERIAL_NUMBER -> page(code, ascii(server.unit().serial()));
      case DEVICE_IDENTIFICATION -> page(code, designators(nexus, server));
      case EXTENDED_INQUIRY -> extendedInquiry(server);
      case MODE_PAGE_POLICY -> page(code, SHARED_BY_ALL);
      case SCSI_PORTS -> page(code, scsiPorts(server.ports()));
      case BLOCK_LIMITS -> blockLimits(server);
      case BLOCK_DEVICE_CHARACTERISTICS -> blockDeviceCharacteristics();
      case LOGICAL_BLOCK_PROVISIONING -> logicalBlockProvisioning(server);
      default -> null;
    };
  }

  private static byte[] page(int code, byte[] content) {
    byte[] page = emptyPage(code, content.length);
    System.arraycopy(content, 0, page, HEADER_BYTES, content.length);
    return page;
  }

  /** A page of zeros behind its header; the peripheral qualifier and device type are 0. */
  private static byte[] emptyPage(int code, int contentBytes) {
    byte[] page = new byte[HEADER_BYTES + contentBytes];
    page[1] = (byte) code;
    Bytes.putShort(page, 2, contentBytes);
    return page;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Who this is, page 83: the unit's names first, then the device's and those of the port that the
   * command came through.
   */
  private static byte[] designators(Nexus nexus, DeviceServer server) {
    TargetPorts ports = server.ports();
    int port = nexus.id().targetPort();
    byte[] naa = new byte[Long.BYTES];
    Bytes.putLong(naa, 0, server.unit().naa());
    byte[] relativePort = new byte[4];
    Bytes.putInt(relativePort, 0, port);
    byte[] group = new byte[4];
    Bytes.putInt(group, 0, TargetPorts.GROUP);
    byte[][] all = {
      designator(CodeSet.BINARY, Association.UNIT, 3, naa),
      designator(
          CodeSet.ASCII, Association.UNIT, 1, ascii(Inquiry.VENDOR + server.unit().serial())),
      designator(CodeSet.BINARY, Association.PORT, 4, relativePort),
      designator(CodeSet.UTF_8, Association.PORT, 8, nameString(ports.name(port))),
      designator(CodeSet.UTF_8, Association.DEVICE, 8, nameString(ports.targetName())),
      designator(CodeSet.BINARY, Association.PORT, 5, group),
    };
    int length = 0;
    for (byte[] designator : all) {
      length += designator.length;
    }
    ByteBuffer content = ByteBuffer.allocate(length);
    for (byte[] designator : all) {
      content.put(designator);
    }
    return content.array();
  }

  /** All ports through which the unit is to be had, page 88 (SPC-4 §7.8.14): number and name. */
  private static byte[] scsiPorts(TargetPorts ports) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int port : ports.ports()) {
      byte[] name = designator(CodeSet.UTF_8, Association.PORT, 8, nameString(ports.name(port)));
      byte[] header = new byte[PORT_HEADER_BYTES];
      Bytes.putShort(header, 2, port);
      Bytes.putShort(header, 10, name.length); // behind an initiator port's name, which is none
      all.writeBytes(header);
      all.writeBytes(name);
    }
    return all.toByteArray();
  }

  private enum CodeSet {
    BINARY(1),
    ASCII(2),
    UTF_8(3);

    final int code;

    CodeSet(int code) {
      this.code = code;
    }
  }

  private enum Association {
    UNIT(0),
    PORT(1),
    DEVICE(2);

    final int code;

    Association(int code) {
      this.code = code;
    }
  }

  /** One designation descriptor. */
  private static byte[] designator(
      CodeSet codeSet, Association association, int type, byte[] value) {
    byte[] designator = new byte[DESIGNATOR_HEADER_BYTES + value.length];
    boolean named = association != Association.UNIT; // PIV, with the protocol identifier of iSCSI
    designator[0] = (byte) ((named ? 0x50 : 0) | codeSet.code);
    designator[1] = (byte) ((named ? 0x80 : 0) | association.code << 4 | type);
    designator[3] = (byte) value.length;
    System.arraycopy(value, 0, designator, DESIGNATOR_HEADER_BYTES, value.length);
    return designator;
  }

  /** A SCSI name string: UTF-8, at least one null, a multiple of four bytes. */
  private static byte[] nameString(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] padded = new byte[(utf8.length / 4 + 1) * 4];
    System.arraycopy(utf8, 0, padded, 0, utf8.length);
    return padded;
  }

  /** Extended INQUIRY data, page 86: all task attributes, and a volatile cache where one writes. */
  private static byte[] extendedInquiry(DeviceServer server) {
    byte[] page = emptyPage(EXTENDED_INQUIRY, 0x3C);
    page[5] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
    page[6] = (byte) (server.readOnly() ? 0 : 1); // V_SUP
    page[13] = Sense.MAX_DESCRIPTOR_BYTES;
    return page;
  }

  /** Block limits (VPD page B0). */
  private static byte[] blockLimits(DeviceServer server) {
    byte[] page = emptyPage(BLOCK_LIMITS, 0x3C);
    page[4] = 1; // WSNZ: WRITE SAME has to name a number of blocks
    page[5] = (byte) Limits.MAX_COMPARE_AND_WRITE_BLOCKS;
    Bytes.putShort(page, 6, 1 << server.physicalExponent()); // optimal transfer granularity
    Bytes.putInt(page, 8, (int) Transfers.maximum(server));
    Bytes.putInt(page, 12, (int) server.blocksIn(Limits.OPTIMAL_TRANSFER_BYTES));
    if (Provisioning.offered(server)) {
      Bytes.putInt(page, 20, (int) server.blocksIn(Limits.MAX_UNMAP_BYTES));
      Bytes.putInt(page, 24, Limits.MAX_UNMAP_DESCRIPTORS);
      Bytes.putInt(page, 28, (int) server.blocksIn(Limits.OPTIMAL_UNMAP_BYTES));
    }
    Bytes.putLong(page, 36, server.blocksIn(Limits.MAX_WRITE_SAME_BYTES));
    return page;
  }

  /** Block device characteristics, page B1: no medium that rotates; what was erased can be read. */
  private static byte[] blockDeviceCharacteristics() {
    byte[] page = emptyPage(BLOCK_DEVICE_CHARACTERISTICS, 0x3C);
    Bytes.putShort(page, 4, 1);
    page[7] = 0x40; // WABEREQ 01b
    return page;
  }

  /** Logical block provisioning, page B2. */
  private static byte[] logicalBlockProvisioning(DeviceServer server) {
    byte[] page = emptyPage(LOGICAL_BLOCK_PROVISIONING, 4);
    if (Provisioning.offered(server)) {
      page[4] = (byte) Provisioning.thresholdExponent(server);
      page[5] = (byte) 0xE4; // LBPU, LBPWS, LBPWS10; LBPRZ
      page[6] = 0x02; // thin provisioned
    }
    return page;
  }
}
