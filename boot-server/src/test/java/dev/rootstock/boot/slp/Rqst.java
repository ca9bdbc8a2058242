// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes service requests (RFC 2608 §8.1), right and wrong ones. */
final class Rqst {
  private static final int NO_EXTENSION = -1;

  private String language = "en";
  private String previous = "";
  private String type = "service:iscsi:target";
  private String scopes = "DEFAULT";
  private String predicate = "";
  private String spi = "";
  private boolean multicast;
  private int extension = NO_EXTENSION;
  private int next;

  Rqst language(String value) {
    language = value;
    return this;
  }

  Rqst previous(String value) {
    previous = value;
    return this;
  }

  Rqst type(String value) {
    type = value;
    return this;
  }

  Rqst scopes(String value) {
    scopes = value;
    return this;
  }

  Rqst predicate(String value) {
    predicate = value;
    return this;
  }

  Rqst spi(String value) {
    spi = value;
    return this;
  }

  Rqst multicast() {
    multicast = true;
    return this;
  }

  /** Adds an extension; a next one of -1 points at itself. */
  Rqst extension(int id, int nextOffset) {
    extension = id;
    next = nextOffset;
    return this;
  }

  byte[] bytes() {
    ByteBuffer out = ByteBuffer.allocate(4096);
    out.position(14).put(language.getBytes(StandardCharsets.UTF_8));
    for (String each : new String[] {previous, type, scopes, predicate, spi}) {
      byte[] bytes = each.getBytes(StandardCharsets.UTF_8);
      out.putShort((short) bytes.length).put(bytes);
    }
    int extensionAt = 0;
    if (extension != NO_EXTENSION) {
      extensionAt = out.position();
      int to = next < 0 ? extensionAt : next;
      out.putShort((short) extension).put((byte) 0).putShort((short) to).put((byte) 42);
    }
    out.put(0, (byte) 2).put(1, (byte) 1).put(2, (byte) 0).putShort(3, (short) out.position());
    out.putShort(5, (short) (multicast ? 0x2000 : 0));
    out.put(7, (byte) 0).putShort(8, (short) extensionAt);
    out.putShort(10, (short) 0x5151).putShort(12, (short) language.length());
    return Arrays.copyOf(out.array(), out.position());
  }
}
