// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.target.Isid;
import java.util.Collection;

/**
 * What kind of initiator logs in, as far as its ISID tells (RFC 7143 §11.12.5).
 *
 * <p>The ISID is all there is: the name is the one that we gave, to firmware and operating system
 * alike, and the negotiated keys are anybody's. It names the software that made it (an enterprise
 * number or an OUI), and is only a claim: whoever may log in may call himself what he likes.
 */
enum InitiatorKind {
  /**
   * iPXE: enterprise number 10019 (Fen Systems), then 16 random bits for each connection. UEFI's
   * own initiator (EDK2): the network card's MAC address with its two highest bits cleared, so only
   * a client whose cards we know is recognised by it.
   */
  FIRMWARE("firmware"),
  /** Linux: open-iscsi's OUI 00:02:3d. Windows: enterprise number 311. */
  OPERATING_SYSTEM("system"),
  /** libiscsi and QEMU (random), adapters of any make, everything else. */
  UNKNOWN("unknown");

  private static final long IPXE = 0x4000_2723_0000L;
  private static final long MICROSOFT = 0x4000_0137_0000L;
  private static final long ENTERPRISE = 0xFFFF_FFFF_0000L;
  private static final long OPEN_ISCSI = 0x0002_3d00_0000L;
  private static final long OUI = 0xFFFF_FF00_0000L;
  private static final long WITHOUT_TYPE = 0x3FFF_FFFF_FFFFL;

  private final String text;

  InitiatorKind(String text) {
    this.text = text;
  }

  /** As commands show it; docs/cli.md promises these words. */
  String text() {
    return text;
  }

  static InitiatorKind of(Isid isid, Collection<MacAddress> cards) {
    long value = isid.value();
    if ((value & ENTERPRISE) == IPXE
        || cards.stream().anyMatch(card -> (card.bits() & WITHOUT_TYPE) == value)) {
      return FIRMWARE;
    }
    return (value & OUI) == OPEN_ISCSI || (value & ENTERPRISE) == MICROSOFT
        ? OPERATING_SYSTEM
        : UNKNOWN;
  }
}
