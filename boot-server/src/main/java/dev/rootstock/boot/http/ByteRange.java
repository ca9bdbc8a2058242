// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The part of a file that is sent (RFC 9110 §14).
 *
 * @param from the first byte
 * @param to the first byte that is not sent
 * @param partial whether a range was asked for and is answered as one
 */
record ByteRange(long from, long to, boolean partial) {
  private static final Pattern SINGLE = Pattern.compile("(?i:bytes)=([0-9]{0,18})-([0-9]{0,18})");

  /** That a range lies outside of the file (416). */
  static final class NotSatisfiableException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Reads a Range header.
   *
   * @param header null where there is none. One that we do not understand, or that asks for several
   *     ranges, is ignored, as §14.2 allows: the whole file is sent
   */
  static ByteRange of(@Nullable String header, long size) throws NotSatisfiableException {
    ByteRange whole = new ByteRange(0, size, false);
    if (header == null) {
      return whole;
    }
    Matcher matcher = SINGLE.matcher(header.strip());
    if (!matcher.matches() || (matcher.group(1).isEmpty() && matcher.group(2).isEmpty())) {
      return whole;
    }
    if (matcher.group(1).isEmpty()) {
      long last = Long.parseLong(matcher.group(2));
      if (last == 0 || size == 0) {
        throw new NotSatisfiableException();
      }
      return new ByteRange(Math.max(0, size - last), size, true);
    }
    long from = Long.parseLong(matcher.group(1));
    long to = matcher.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(matcher.group(2));
    if (to < from) {
      return whole; // §14.1.1: invalid, and so ignored
    }
    if (from >= size) {
      throw new NotSatisfiableException();
    }
    return new ByteRange(from, Math.min(size - 1, to) + 1, true);
  }
}
