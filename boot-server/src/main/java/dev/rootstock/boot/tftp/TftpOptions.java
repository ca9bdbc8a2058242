// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a transfer goes by, as negotiated (RFC 2347).
 *
 * @param blockSize bytes of all blocks but the last
 * @param window blocks before an acknowledgement is waited for
 * @param timeoutSeconds before a window is sent again
 * @param acknowledged the options to acknowledge, in their order; none where the client asked for
 *     none that we know: RFC 2347 §1 has it that the transfer then begins with its first block
 */
record TftpOptions(
    int blockSize, int window, int timeoutSeconds, Map<String, String> acknowledged) {
  private static final int MOST_DIGITS = 9;

  TftpOptions {
    acknowledged = Collections.unmodifiableMap(new LinkedHashMap<>(acknowledged));
  }

  /**
   * Answers a request's options. One that is unknown, or whose value is outside of its RFC, is left
   * out of the answer (RFC 2347 §3), and the default holds.
   */
  static TftpOptions negotiate(Map<String, String> asked, long fileSize) {
    Map<String, String> acknowledged = new LinkedHashMap<>();
    int blockSize = Limits.BLOCK;
    OptionalLong block = number(asked, "blksize", Limits.SMALLEST_BLOCK, 65_464); // RFC 2348
    if (block.isPresent()) {
      blockSize = (int) Math.min(block.getAsLong(), Limits.LARGEST_BLOCK);
      acknowledged.put("blksize", Integer.toString(blockSize));
    }
    int window = 1;
    OptionalLong blocks = number(asked, "windowsize", 1, 65_535); // RFC 7440 §3
    if (blocks.isPresent()) {
      window = (int) Math.min(blocks.getAsLong(), Limits.WINDOW);
      acknowledged.put("windowsize", Integer.toString(window));
    }
    int timeout = Limits.TIMEOUT_SECONDS;
    // RFC 2349 §2: the answer has to be the same value, so one that is too long is no answer.
    OptionalLong seconds = number(asked, "timeout", 1, Limits.LONGEST_TIMEOUT_SECONDS);
    if (seconds.isPresent()) {
      timeout = (int) seconds.getAsLong();
      acknowledged.put("timeout", Integer.toString(timeout));
    }
    if (asked.containsKey("tsize")) { // RFC 2349 §3: a read asks with 0
      acknowledged.put("tsize", Long.toString(fileSize));
    }
    return new TftpOptions(blockSize, window, timeout, acknowledged);
  }

  private static OptionalLong number(
      Map<String, String> asked, String name, long least, long most) {
    String text = asked.get(name);
    if (text == null
        || text.isEmpty()
        || text.length() > MOST_DIGITS
        || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.empty();
    }
    long value = Long.parseLong(text);
    return value < least || value > most ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
