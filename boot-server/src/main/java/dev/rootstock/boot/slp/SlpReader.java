// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Takes one field after the other off a message's body; whatever is missing is a PARSE_ERROR. */
final class SlpReader {
  // RFC 2608 §9.1: extensions that a receiver must know or refuse.
  private static final int FIRST_MANDATORY = 0x4000;
  private static final int LAST_MANDATORY = 0x7FFF;
  private static final int EXTENSION_HEADER = 5;

  // RFC 2608 §9.2: an authentication block up to its timestamp and the SPI's length.
  private static final int LEAST_AUTHENTICATION_BLOCK = 10;

  private final ByteBuffer message;

  /** Reads behind the header. */
  SlpReader(ByteBuffer message, int from) {
    this.message = message.duplicate().position(from);
  }

  boolean hasMore() {
    return message.hasRemaining();
  }

  int uint8(String name) throws SlpException {
    need(1, name);
    return message.get() & 0xFF;
  }

  int uint16(String name) throws SlpException {
    need(2, name);
    return message.getShort() & 0xFFFF;
  }

  int int32(String name) throws SlpException {
    need(4, name);
    return message.getInt();
  }

  String string(String name) throws SlpException {
    return text(uint16("the length of the " + name), name);
  }

  /** A string whose length has been read. */
  String text(int length, String name) throws SlpException {
    need(length, name);
    ByteBuffer bytes = message.slice(message.position(), length);
    message.position(message.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new SlpException(SlpError.PARSE_ERROR, "the " + name + " is not UTF-8");
    }
  }

  /** RFC 2608 §9.2: authentication blocks are stepped over; the number of them is returned. */
  int authenticationBlocks() throws SlpException {
    int count = uint8("the number of authentication blocks");
    for (int i = 0; i < count; i++) {
      need(4, "authentication block");
      int length = message.getShort(message.position() + 2) & 0xFFFF;
      if (length < LEAST_AUTHENTICATION_BLOCK) {
        throw new SlpException(SlpError.PARSE_ERROR, "an authentication block is too short");
      }
      need(length, "authentication block");
      message.position(message.position() + length);
    }
    return count;
  }

  /**
   * What follows the body must be extensions, and nothing else. None is known here, so a mandatory
   * one is refused. Each lies behind the one before it.
   */
  void end(int extensionOffset) throws SlpException {
    int earliest = message.position();
    if (extensionOffset == 0 && earliest != message.limit()) {
      throw new SlpException(SlpError.PARSE_ERROR, "bytes follow the message");
    }
    int at = extensionOffset;
    while (at != 0) {
      if (at < earliest || at + EXTENSION_HEADER > message.limit()) {
        throw new SlpException(SlpError.PARSE_ERROR, "an extension is not where it should be");
      }
      int id = message.getShort(at) & 0xFFFF;
      if (id >= FIRST_MANDATORY && id <= LAST_MANDATORY) {
        throw new SlpException(
            SlpError.OPTION_NOT_UNDERSTOOD, String.format("extension %04x is not known", id));
      }
      earliest = at + EXTENSION_HEADER;
      at = SlpHeader.uint24(message, at + 2);
    }
  }

  private void need(int bytes, String name) throws SlpException {
    if (bytes > message.remaining()) {
      throw new SlpException(SlpError.PARSE_ERROR, name + " is cut off");
    }
  }
}
