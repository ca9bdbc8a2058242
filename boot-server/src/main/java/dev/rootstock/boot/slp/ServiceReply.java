// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * SrvRply (RFC 2608 §8.2), and the answers that are nothing but an error code.
 *
 * @param request what is answered
 * @param xid of the request
 * @param language of the request
 * @param error {@link SlpError#OK} where there are URLs
 * @param urls in the order in which they are sent, as far as a datagram holds them; none but in an
 *     answer to a service request
 */
record ServiceReply(
    SlpFunction request, int xid, String language, SlpError error, List<String> urls) {

  // RFC 2608 §4.3: reserved, lifetime, length; after the URL, the number of authenticators.
  private static final int ENTRY_HEAD = 5;
  private static final int ENTRY_TAIL = 1;

  ServiceReply {
    urls = List.copyOf(urls);
  }

  /** An answer without any URL. */
  static ServiceReply failed(SlpFunction request, int xid, String language, SlpError error) {
    return new ServiceReply(request, xid, language, error, List.of());
  }

  /**
   * The message, at most {@link Limits#MESSAGE} bytes. URL entries that do not fit as a whole are
   * left out, and the overflow flag says so.
   */
  byte[] encode() {
    byte[] tag = language.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer out = ByteBuffer.allocate(Limits.MESSAGE);
    out.position(SlpHeader.FIXED).put(tag);
    out.putShort((short) error.code());
    int countAt = out.position();
    out.put(new byte[request.emptyReply()]);
    int count = putUrls(out);
    if (count > 0) {
      out.putShort(countAt, (short) count);
    }
    int length = out.position();
    out.put(0, (byte) SlpHeader.VERSION);
    out.put(SlpHeader.FUNCTION_AT, (byte) request.replyId());
    out.put(SlpHeader.LENGTH_AT, (byte) 0); // three bytes, the highest of which is never used
    out.putShort(SlpHeader.LENGTH_AT + 1, (short) length);
    out.putShort(SlpHeader.FLAGS_AT, (short) (count < urls.size() ? SlpHeader.OVERFLOW : 0));
    out.putShort(SlpHeader.XID_AT, (short) xid);
    out.putShort(SlpHeader.LANGUAGE_AT, (short) tag.length);
    return Arrays.copyOf(out.array(), length);
  }

  /** Writes entries as long as there is room, and says how many. */
  private int putUrls(ByteBuffer out) {
    int count = 0;
    for (String url : urls) {
      byte[] bytes = url.getBytes(StandardCharsets.US_ASCII);
      if (out.remaining() < ENTRY_HEAD + bytes.length + ENTRY_TAIL) {
        break;
      }
      out.put((byte) 0).putShort((short) Limits.URL_LIFETIME_SECONDS);
      out.putShort((short) bytes.length).put(bytes).put((byte) 0);
      count++;
    }
    return count;
  }
}
