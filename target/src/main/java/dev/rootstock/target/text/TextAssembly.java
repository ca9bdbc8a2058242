// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;

/** Puts the data segments of one text together, which the C bit spreads over PDUs (§6.1). */
public final class TextAssembly {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);

  /**
   * Adds a data segment.
   *
   * @throws NegotiationException when the text has grown beyond {@link Limits#TEXT_BYTES}
   */
  public void add(ByteBuf segment) throws NegotiationException {
    int length = segment.readableBytes();
    if (bytes.size() + length > Limits.TEXT_BYTES) {
      throw NegotiationException.malformed("text of more than " + Limits.TEXT_BYTES + " bytes");
    }
    byte[] copy = new byte[length];
    segment.getBytes(segment.readerIndex(), copy);
    bytes.writeBytes(copy);
  }

  /** The text so far; the next one begins empty. */
  public KeyValues take() throws NegotiationException {
    byte[] text = bytes.toByteArray();
    bytes.reset();
    return KeyValues.parse(text);
  }

  /** Whether nothing has been added since the last text was taken. */
  public boolean isEmpty() {
    return bytes.size() == 0;
  }
}
