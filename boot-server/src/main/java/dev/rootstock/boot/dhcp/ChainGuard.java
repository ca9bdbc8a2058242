// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.Bounded;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * Ends a chain of iPXE that loads iPXE. A ROM that was built without iSCSI loads another program
 * once each time its machine starts; where that program can do no more, it asks for the next one at
 * once, under a new transaction number, and again. Not for several threads at once.
 */
final class ChainGuard {
  private static final long WINDOW_NANOS = Limits.CHAIN_SECONDS * 1_000_000_000L;

  private final Bounded<String, Deque<Asked>> clients = new Bounded<>(Limits.CLIENT_STATES);
  private final LongSupplier nanoTime;

  private record Asked(int xid, long at) {}

  ChainGuard(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  static String warning(String client) {
    return "client "
        + client
        + " starts from an iPXE without iSCSI, and the program that it is given has none either: it"
        + " is given no more for now; name a whole iPXE in 'tftp.bios' or 'tftp.uefi-x64'";
  }

  /**
   * An iPXE without iSCSI asks what to load.
   *
   * @param xid its transaction's number, the same in all packets of one attempt
   * @return false where it has asked too often of late: it gets no program
   */
  boolean mayLoad(String client, int xid) {
    long now = nanoTime.getAsLong();
    Deque<Asked> asked = clients.computeIfAbsent(client, name -> new ArrayDeque<>());
    asked.removeIf(each -> now - each.at() > WINDOW_NANOS);
    if (asked.stream().anyMatch(each -> each.xid() == xid)) {
      return true;
    }
    if (asked.size() >= Limits.CHAIN_LOADS) {
      return false;
    }
    asked.add(new Asked(xid, now));
    return true;
  }
}
