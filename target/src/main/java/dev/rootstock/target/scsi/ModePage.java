// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.Usage;
import java.util.Arrays;

/**
 * The mode pages, in the order in which MODE SENSE lists them. Each knows its bytes from the {@link
 * ModeParameters} of a unit, the bits that MODE SELECT may change, and how to read those back.
 */
enum ModePage {
  /** Read-Write Error Recovery (SBC-3, its mode page): LBPERE, in byte 7, tells of thresholds. */
  READ_WRITE_ERROR_RECOVERY(0x01, 12) {
    @Override
    void fill(byte[] page, ModeParameters now) {
      set(page, 7, 7, now.provisioningErrors());
    }

    @Override
    void fillChangeable(byte[] mask, boolean readOnly) {
      set(mask, 7, 7, !readOnly);
    }

    @Override
    ModeParameters read(byte[] page, ModeParameters now) {
      return new ModeParameters(
          now.writeCache(),
          now.writeProtect(),
          now.taskAborted(),
          now.descriptorSense(),
          bit(page, 7, 7));
    }
  },

  /**
   * Caching (SBC-3, its mode page): WCE, in byte 2. A disk that cannot be written caches no writes.
   */
  CACHING(0x08, 20) {
    @Override
    void fill(byte[] page, ModeParameters now) {
      set(page, 2, 2, now.writeCache());
    }

    @Override
    void fillChangeable(byte[] mask, boolean readOnly) {
      set(mask, 2, 2, !readOnly);
    }

    @Override
    ModeParameters read(byte[] page, ModeParameters now) {
      return new ModeParameters(
          bit(page, 2, 2),
          now.writeProtect(),
          now.taskAborted(),
          now.descriptorSense(),
          now.provisioningErrors());
    }
  },

  /**
   * Control (SPC-4, its mode page): D_SENSE in byte 2, SWP in byte 4, TAS in byte 5. Constant are
   * GLTSD (no log parameters are saved) and a QUEUE ALGORITHM MODIFIER of 1: commands may be
   * reordered.
   */
  CONTROL(0x0A, 12) {
    @Override
    void fill(byte[] page, ModeParameters now) {
      set(page, 2, 1, true);
      set(page, 2, 2, now.descriptorSense());
      page[3] = 0x10;
      set(page, 4, 3, now.writeProtect());
      set(page, 5, 6, now.taskAborted());
    }

    @Override
    void fillChangeable(byte[] mask, boolean readOnly) {
      set(mask, 2, 2, true);
      set(mask, 4, 3, true);
      set(mask, 5, 6, true);
    }

    @Override
    ModeParameters read(byte[] page, ModeParameters now) {
      return new ModeParameters(
          now.writeCache(),
          bit(page, 4, 3),
          bit(page, 5, 6),
          bit(page, 2, 2),
          now.provisioningErrors());
    }
  },

  /**
   * Informational Exceptions Control (SPC-4, its mode page): MRIE 0, none are reported this way.
   */
  INFORMATIONAL_EXCEPTIONS(0x1C, 12),

  /**
   * Logical Block Provisioning (SBC-3, its mode page): the one threshold that {@link Provisioning}
   * watches. SITUA is 0: every nexus is told.
   */
  PROVISIONING(0x1C, 0x02, 24) {
    @Override
    void fillFrom(byte[] page, Usage usage) {
      if (Provisioning.limited(usage)) {
        page[16] = (byte) 0x80; // ENABLED; a soft threshold, armed while the count decreases
        page[17] = Provisioning.AVAILABLE;
        Bytes.putInt(page, 20, (int) Provisioning.threshold(usage));
      }
    }
  };

  /** PAGE CODE and SUBPAGE CODE that stand for all of them. */
  static final int ALL_PAGES = 0x3F;

  static final int ALL_SUBPAGES = 0xFF;

  private static final int SPF = 0x40;

  private final int code;
  private final int subpage;
  private final int bytes;

  ModePage(int code, int bytes) {
    this(code, 0, bytes);
  }

  ModePage(int code, int subpage, int bytes) {
    this.code = code;
    this.subpage = subpage;
    this.bytes = bytes;
  }

  int subpage() {
    return subpage;
  }

  int code() {
    return code;
  }

  /** The length of the page, its header included. */
  int bytes() {
    return bytes;
  }

  /** The header's length: two bytes, four with a subpage code. */
  int headerBytes() {
    return subpage == 0 ? 2 : 4;
  }

  /** The page as it is with some parameters. PS is 0: no page can be saved. */
  final byte[] page(ModeParameters parameters, Usage usage) {
    byte[] page = empty();
    fill(page, parameters);
    fillFrom(page, usage);
    return page;
  }

  /** The page with a one for each bit that can be changed. */
  final byte[] changeable(boolean readOnly) {
    byte[] mask = empty();
    fillChangeable(mask, readOnly);
    return mask;
  }

  private byte[] empty() {
    byte[] page = new byte[bytes];
    if (subpage == 0) {
      page[0] = (byte) code;
      page[1] = (byte) (bytes - headerBytes());
    } else {
      page[0] = (byte) (SPF | code);
      page[1] = (byte) subpage;
      Bytes.putShort(page, 2, bytes - headerBytes());
    }
    return page;
  }

  void fill(byte[] page, ModeParameters now) {}

  void fillFrom(byte[] page, Usage usage) {}

  void fillChangeable(byte[] mask, boolean readOnly) {}

  /** What the unit's parameters become with this page. */
  ModeParameters read(byte[] page, ModeParameters now) {
    return now;
  }

  /** Whether MODE SENSE with this page code and subpage code asks for this page. */
  boolean isMeant(int pageCode, int subpageCode) {
    return (pageCode == code || pageCode == ALL_PAGES)
        && (subpageCode == subpage || subpageCode == ALL_SUBPAGES);
  }

  static boolean exists(int pageCode) {
    return pageCode == ALL_PAGES || Arrays.stream(values()).anyMatch(page -> page.code == pageCode);
  }

  static boolean exists(int pageCode, int subpageCode) {
    return Arrays.stream(values()).anyMatch(page -> page.isMeant(pageCode, subpageCode));
  }

  private static boolean bit(byte[] page, int index, int bit) {
    return (page[index] >>> bit & 1) != 0;
  }

  private static void set(byte[] page, int index, int bit, boolean value) {
    if (value) {
      page[index] |= (byte) (1 << bit);
    }
  }
}
