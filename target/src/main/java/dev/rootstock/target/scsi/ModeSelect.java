// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * MODE SELECT (SPC-4 §6.11, §6.12). All pages of a list are checked before any is taken; a bit that
 * cannot be changed has to be as it is. Pages cannot be saved, so SP is refused.
 */
final class ModeSelect {
  private static final int PF_BIT = 4;
  private static final int SP_BIT = 0;

  private static final int SIX_HEADER = 4;
  private static final int TEN_HEADER = 8;
  private static final int MEDIUM_TYPE_IN_SIX = 1;
  private static final int MEDIUM_TYPE_IN_TEN = 2;
  private static final int LONGLBA_BYTE = 4;

  private static final int SHORT_DESCRIPTOR_BYTES = 8;
  private static final int LONG_DESCRIPTOR_BYTES = 16;
  private static final int BLOCK_LENGTH = 0xFF_FFFF;

  // In a page's first byte: SPF, and the bits of the page code.
  private static final int SPF = 0x40;
  private static final int PAGE_CODE = 0x3F;

  private ModeSelect() {}

  static Plan six(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return plan(nexus, server, cdb, cdb.u8(4), SIX_HEADER);
  }

  static Plan ten(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    return plan(nexus, server, cdb, cdb.u16(7), TEN_HEADER);
  }

  private static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, int length, int header) {
    if (!cdb.bit(1, PF_BIT)) {
      return Plan.Fail.of(Sense.invalidCdbField(1, PF_BIT));
    }
    if (cdb.bit(1, SP_BIT)) {
      return Plan.Fail.of(Sense.invalidCdbField(1, SP_BIT));
    }
    if (length == 0) {
      return Plan.Respond.GOOD;
    }
    return new Plan.Receive(
        length,
        (data, done) -> {
          byte[] list = new byte[data.remaining()];
          data.get(list);
          if (list.length < length) {
            done.ended(Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH));
          } else {
            new Selection(nexus, server, ByteBuffer.wrap(list), header).run(done);
          }
        });
  }

  /** One parameter list on its way into the unit. */
  private static final class Selection {
    private final Nexus nexus;
    private final DeviceServer server;
    private final ByteBuffer list;
    private final int header;

    Selection(Nexus nexus, DeviceServer server, ByteBuffer list, int header) {
      this.nexus = nexus;
      this.server = server;
      this.list = list;
      this.header = header;
    }

    void run(Plan.Completion done) {
      Sense refused = checkHeader();
      if (refused == null) {
        refused = checkPages();
      }
      if (refused != null) {
        done.ended(Plan.Fail.of(refused));
        return;
      }
      ModeParameters before = server.modes();
      ModeParameters after = server.state().changeModes(this::apply);
      if (after.equals(before)) {
        done.ended(Plan.Respond.GOOD);
        return;
      }
      nexus.tellOthers(server, UnitAttentions.MODE_PARAMETERS_CHANGED);
      boolean settles =
          (before.writeCache() && !after.writeCache())
              || (!before.writeProtect() && after.writeProtect());
      if (settles && !server.readOnly()) {
        // SPC-4, Control mode page (SWP) and SBC-3, Caching mode page (WCE): what is cached is
        // written first.
        server
            .device()
            .flush(
                failure -> done.ended(failure == null ? Plan.Respond.GOOD : Plan.Fail.of(failure)));
      } else {
        done.ended(Plan.Respond.GOOD);
      }
    }

    private @Nullable Sense checkHeader() {
      if (list.limit() < header) {
        return Sense.PARAMETER_LIST_LENGTH;
      }
      int mediumType = header == SIX_HEADER ? MEDIUM_TYPE_IN_SIX : MEDIUM_TYPE_IN_TEN;
      if (list.get(mediumType) != 0) {
        return Sense.invalidParameter(mediumType);
      }
      int descriptor = descriptorBytes();
      boolean wide = header == TEN_HEADER && (list.get(LONGLBA_BYTE) & 1) != 0;
      if (descriptor != 0
          && descriptor != (wide ? LONG_DESCRIPTOR_BYTES : SHORT_DESCRIPTOR_BYTES)) {
        return Sense.invalidParameter(header == SIX_HEADER ? 3 : 6);
      }
      if (list.limit() < header + descriptor) {
        return Sense.PARAMETER_LIST_LENGTH;
      }
      return descriptor == 0 ? null : checkDescriptor(wide);
    }

    private int descriptorBytes() {
      return header == SIX_HEADER
          ? Byte.toUnsignedInt(list.get(3))
          : Short.toUnsignedInt(list.getShort(6));
    }

    /**
     * Neither the capacity nor the block length can be changed (SBC-3, mode parameter block
     * descriptors).
     */
    private @Nullable Sense checkDescriptor(boolean wide) {
      long blocks = wide ? list.getLong(header) : Integer.toUnsignedLong(list.getInt(header));
      long all = wide ? -1 : 0xFFFF_FFFFL;
      if (blocks != 0 && blocks != all && blocks != server.blocks()) {
        return Sense.invalidParameter(header);
      }
      int at = header + (wide ? 12 : 4);
      int length = list.getInt(at) & (wide ? -1 : BLOCK_LENGTH);
      return length == server.blockBytes() ? null : Sense.invalidParameter(wide ? at : at + 1);
    }

    private @Nullable Sense checkPages() {
      int at = header + descriptorBytes();
      while (at < list.limit()) {
        if (list.limit() - at < 2) {
          return Sense.PARAMETER_LIST_LENGTH;
        }
        ModePage page = page(at);
        if (page == null) {
          return Sense.invalidParameter(at);
        }
        if (list.limit() - at < page.headerBytes()) {
          return Sense.PARAMETER_LIST_LENGTH;
        }
        int lengthAt = at + (page.subpage() == 0 ? 1 : 2);
        int length =
            page.subpage() == 0
                ? Byte.toUnsignedInt(list.get(lengthAt))
                : Short.toUnsignedInt(list.getShort(lengthAt));
        if (length != page.bytes() - page.headerBytes()) {
          return Sense.invalidParameter(lengthAt);
        }
        if (list.limit() - at < page.bytes()) {
          return Sense.PARAMETER_LIST_LENGTH;
        }
        byte[] now = page.page(server.modes(), server.device().usage());
        byte[] mask = page.changeable(server.readOnly());
        for (int i = page.headerBytes(); i < now.length; i++) {
          if (((list.get(at + i) ^ now[i]) & ~mask[i]) != 0) {
            return Sense.invalidParameter(at + i);
          }
        }
        at += page.bytes();
      }
      return null;
    }

    /** The page that begins here, or null when we have none such. PS is ignored. */
    private @Nullable ModePage page(int at) {
      int first = list.get(at);
      boolean hasSubpage = (first & SPF) != 0;
      int subpage = hasSubpage ? Byte.toUnsignedInt(list.get(at + 1)) : 0;
      return Arrays.stream(ModePage.values())
          .filter(page -> page.code() == (first & PAGE_CODE))
          .filter(page -> page.subpage() == subpage && hasSubpage == (subpage != 0))
          .findFirst()
          .orElse(null);
    }

    private ModeParameters apply(ModeParameters now) {
      ModeParameters after = now;
      int at = header + descriptorBytes();
      while (at < list.limit()) {
        ModePage page = page(at);
        if (page == null) {
          throw new IllegalStateException("a page that has not been checked");
        }
        byte[] bytes = new byte[page.bytes()];
        list.get(at, bytes);
        after = page.read(bytes, after);
        at += bytes.length;
      }
      return after;
    }
  }
}
