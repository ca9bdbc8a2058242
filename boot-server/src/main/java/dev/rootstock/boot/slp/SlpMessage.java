// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;

/**
 * A whole message.
 *
 * @param flags as {@link SlpHeader#flags}
 * @param xid 0 to 65535
 * @param language a language tag
 */
record SlpMessage(int flags, int xid, String language, SlpBody body) {

  /**
   * The message in bytes.
   *
   * @param most the longest it may become: lists are cut at whole elements, and the overflow flag
   *     says so
   */
  byte[] encode(int most) {
    SlpWriter out = new SlpWriter(body.function(), flags, xid, language, most);
    body.write(out);
    return out.message();
  }

  /** Reads a message whose header has been read. */
  static SlpMessage read(ByteBuffer message, SlpHeader header) throws SlpException {
    SlpReader in = new SlpReader(message, header.length());
    SlpBody body = SlpBody.read(header.function(), in);
    in.end(header.extensionOffset());
    return new SlpMessage(header.flags(), header.xid(), header.language(), body);
  }

  /** Reads a message. */
  static SlpMessage read(ByteBuffer message) throws SlpException {
    if (message.limit() < SlpHeader.FIXED) {
      throw new SlpException(SlpError.PARSE_ERROR, "the header is cut off");
    }
    SlpFunction function =
        SlpFunction.of(message.get(SlpHeader.FUNCTION_AT) & 0xFF)
            .orElseThrow(() -> new SlpException(SlpError.MSG_NOT_SUPPORTED, "no such message"));
    return read(message, SlpHeader.read(message, function));
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
