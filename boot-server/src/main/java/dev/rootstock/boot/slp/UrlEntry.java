// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.charset.StandardCharsets;

/**
 * A URL with its lifetime (RFC 2608 §4.3).
 *
 * @param lifetimeSeconds 0 to 65535
 * @param authenticators how many authentication blocks it came with; none are ever written
 */
record UrlEntry(int lifetimeSeconds, String url, int authenticators) {
  // Reserved, lifetime, length; after the URL, the number of authenticators.
  private static final int HEAD = 5;
  private static final int TAIL = 1;

  static UrlEntry read(SlpReader in) throws SlpException {
    in.uint8("reserved byte of a URL");
    int lifetime = in.uint16("lifetime of a URL");
    String url = in.string("URL");
    return new UrlEntry(lifetime, url, in.authenticationBlocks());
  }

  void write(SlpWriter out) {
    out.uint8(0);
    out.uint16(lifetimeSeconds);
    out.string(url);
    out.uint8(0);
  }

  /** How many bytes it takes. */
  int length() {
    return HEAD + url.getBytes(StandardCharsets.UTF_8).length + TAIL;
  }
}
