// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.util.List;

/** What to look for in a guest's messages. */
final class GuestLog {
  private GuestLog() {}

  /** What Linux says of a disk that misbehaves. A lost connection alone is no such thing. */
  static List<String> complaints(List<String> messages) {
    return messages.stream()
        .filter(m -> m.matches("(?i).*(I/O error|EXT4-fs (error|warning)|sense key|reject).*"))
        .toList();
  }

  /** Connections lost after the one that iscsid itself closes when it takes over. */
  static List<String> lostConnections(List<String> messages) {
    return messages.stream()
        .dropWhile(m -> !m.contains("ROOTSTOCK iscsid has taken over"))
        .filter(m -> m.contains("detected conn error"))
        .toList();
  }
}
