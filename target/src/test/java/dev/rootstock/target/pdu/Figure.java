// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A PDU written out by hand from a figure of RFC 7143 §11, in hexadecimal: a line of text is a word
 * of the figure, blanks do not count, data follow the header.
 */
record Figure(ByteBuf bytes) {

  static Figure of(String words) {
    return new Figure(Unpooled.wrappedBuffer(HexFormat.of().parseHex(words.replaceAll("\\s", ""))));
  }

  ByteBuf data() {
    return bytes.slice(Bhs.BYTES + Bhs.ahsBytes(bytes, 0), Bhs.dataSegmentLength(bytes, 0));
  }

  String hex() {
    return ByteBufUtil.hexDump(bytes);
  }

  /** What the codec makes of a PDU. */
  static String hex(Pdu pdu) {
    ByteBuf out = Unpooled.buffer();
    pdu.encodeHeader(out);
    return ByteBufUtil.hexDump(out.writeBytes(pdu.data().duplicate()));
  }

  static ByteBuf text(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
  }
}
