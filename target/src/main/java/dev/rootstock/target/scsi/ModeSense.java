// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** MODE SENSE (SPC-4 §6.13, §6.14); what the pages hold is in {@link ModePage}. */
final class ModeSense {
  private static final int PAGE_CODE = 0x3F;

  // PAGE CONTROL, the two high bits of byte 2: current, changeable, default, saved values.
  private static final int CHANGEABLE = 1;
  private static final int DEFAULT = 2;
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
    int subpage = cdb.u8(3);
    if (!ModePage.exists(cdb.u8(2) & PAGE_CODE)) {
      return Sense.invalidCdbField(2, 5);
    }
    // All pages of one other subpage code is no question (SPC-4 §6.13.1).
    boolean mixed = (cdb.u8(2) & PAGE_CODE) == ModePage.ALL_PAGES && subpage != 0;
    if (mixed
        ? subpage != ModePage.ALL_SUBPAGES
        : !ModePage.exists(cdb.u8(2) & PAGE_CODE, subpage)) {
      return Sense.invalidCdbField(3, 7);
    }
    return pageControl(cdb) == SAVED ? Sense.SAVING_NOT_SUPPORTED : null;
  }

  private static int pageControl(Cdb cdb) {
    return cdb.u8(2) >>> 6;
  }

  /** The DEVICE-SPECIFIC PARAMETER field (SBC-3, mode parameters). */
  private static byte deviceSpecific(DeviceServer server) {
    return (byte) (server.writeRefusal() != null ? WRITE_PROTECTED | DPOFUA : DPOFUA);
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
    int control = pageControl(cdb);
    ModeParameters shown =
        control == DEFAULT ? ModeParameters.defaults(server.readOnly()) : server.modes();
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    for (ModePage page : ModePage.values()) {
      if (page.isMeant(cdb.u8(2) & PAGE_CODE, cdb.u8(3))) {
        pages.writeBytes(
            control == CHANGEABLE
                ? page.changeable(server.readOnly())
                : page.page(shown, server.device().usage()));
      }
    }
    return pages.toByteArray();
  }

  private static byte[] join(int headerBytes, byte[] descriptor, byte[] pages) {
    byte[] data = new byte[headerBytes + descriptor.length + pages.length];
    System.arraycopy(descriptor, 0, data, headerBytes, descriptor.length);
    System.arraycopy(pages, 0, data, headerBytes + descriptor.length, pages.length);
    return data;
  }
}
