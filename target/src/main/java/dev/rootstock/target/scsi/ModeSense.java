// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** MODE SENSE (SPC-4 §6.13, §6.14) and the mode pages, none of which can be changed yet. */
final class ModeSense {
  private static final int CACHING = 0x08;
  private static final int CONTROL = 0x0A;
  private static final int ALL_PAGES = 0x3F;
  private static final int ALL_SUBPAGES = 0xFF;

  // PAGE CONTROL, the two high bits of byte 2: current, changeable, default, saved values.
  private static final int CHANGEABLE = 1;
  private static final int SAVED = 3;

  private static final int DBD_BIT = 3;
  private static final int LLBAA_BIT = 4;

  private static final int SHORT_DESCRIPTOR_BYTES = 8;
  private static final int LONG_DESCRIPTOR_BYTES = 16;
  private static final int WRITE_PROTECTED = 0x80;
  private static final int DPOFUA = 0x10;

  private ModeSense() {}

  static Plan six(DeviceServer server, Cdb cdb) {
    Sense refused = check(cdb);
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    byte[] descriptor = blockDescriptor(server, cdb, false);
    byte[] pages = pages(server, cdb);
    byte[] data = join(4, descriptor, pages);
    data[0] = (byte) (data.length - 1);
    data[2] = deviceSpecific(server);
    data[3] = (byte) descriptor.length;
    return Plan.Respond.truncated(data, cdb.u8(4));
  }

  static Plan ten(DeviceServer server, Cdb cdb) {
    Sense refused = check(cdb);
    if (refused != null) {
      return Plan.Fail.of(refused);
    }
    boolean wide = cdb.bit(1, LLBAA_BIT);
    byte[] descriptor = blockDescriptor(server, cdb, wide);
    byte[] pages = pages(server, cdb);
    byte[] data = join(8, descriptor, pages);
    Bytes.putShort(data, 0, data.length - 2);
    data[3] = deviceSpecific(server);
    data[4] = (byte) (wide && descriptor.length > 0 ? 1 : 0); // LONGLBA
    Bytes.putShort(data, 6, descriptor.length);
    return Plan.Respond.truncated(data, cdb.u16(7));
  }

  private static @Nullable Sense check(Cdb cdb) {
    int page = cdb.u8(2) & 0x3F;
    int subpage = cdb.u8(3);
    if (page != CACHING && page != CONTROL && page != ALL_PAGES) {
      return Sense.invalidCdbField(2, 5);
    }
    if (subpage != 0 && subpage != ALL_SUBPAGES) {
      return Sense.invalidCdbField(3, 7);
    }
    return pageControl(cdb) == SAVED ? Sense.SAVING_NOT_SUPPORTED : null;
  }

  private static int pageControl(Cdb cdb) {
    return cdb.u8(2) >>> 6;
  }

  /** The DEVICE-SPECIFIC PARAMETER field (SBC-3, mode parameters). */
  private static byte deviceSpecific(DeviceServer server) {
    return (byte) (server.readOnly() ? WRITE_PROTECTED | DPOFUA : DPOFUA);
  }

  /** The mode parameter block descriptor (SBC-3, mode parameters), unless DBD declines it. */
  private static byte[] blockDescriptor(DeviceServer server, Cdb cdb, boolean wide) {
    if (cdb.bit(1, DBD_BIT)) {
      return new byte[0];
    }
    if (wide) {
      byte[] descriptor = new byte[LONG_DESCRIPTOR_BYTES];
      Bytes.putLong(descriptor, 0, server.blocks());
      Bytes.putInt(descriptor, 12, server.blockBytes());
      return descriptor;
    }
    byte[] descriptor = new byte[SHORT_DESCRIPTOR_BYTES];
    Bytes.putInt(descriptor, 0, (int) Math.min(server.blocks(), 0xFFFF_FFFFL));
    Bytes.putInt(descriptor, 4, server.blockBytes()); // its high byte is reserved and stays 0
    return descriptor;
  }

  private static byte[] pages(DeviceServer server, Cdb cdb) {
    int page = cdb.u8(2) & 0x3F;
    boolean changeable = pageControl(cdb) == CHANGEABLE;
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    if (page == CACHING || page == ALL_PAGES) {
      pages.writeBytes(caching(server, changeable));
    }
    if (page == CONTROL || page == ALL_PAGES) {
      pages.writeBytes(control(changeable));
    }
    return pages.toByteArray();
  }

  /**
   * Caching (SBC-3, Caching mode page): a write is acknowledged before it would survive power loss,
   * so the write cache is on.
   */
  private static byte[] caching(DeviceServer server, boolean changeable) {
    byte[] page = new byte[20];
    page[0] = CACHING;
    page[1] = 18;
    if (!changeable && !server.readOnly()) {
      page[2] = 0x04; // WCE
    }
    return page;
  }

  /** Control (SPC-4 §7.5, Control mode page). */
  private static byte[] control(boolean changeable) {
    byte[] page = new byte[12];
    page[0] = CONTROL;
    page[1] = 10;
    if (!changeable) {
      page[2] = 0x02; // GLTSD: no log parameters are saved. D_SENSE is 0: fixed-format sense data
      page[3] = 0x10; // commands may be reordered without restriction
    }
    return page;
  }

  private static byte[] join(int headerBytes, byte[] descriptor, byte[] pages) {
    byte[] data = new byte[headerBytes + descriptor.length + pages.length];
    System.arraycopy(descriptor, 0, data, headerBytes, descriptor.length);
    System.arraycopy(pages, 0, data, headerBytes + descriptor.length, pages.length);
    return data;
  }
}
