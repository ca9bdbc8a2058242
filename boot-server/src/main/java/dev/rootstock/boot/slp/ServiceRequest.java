// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * SrvRqst (RFC 2608 §8.1).
 *
 * @param header what stands before it
 * @param previousResponders addresses that have answered already, and other text, which is ignored
 * @param serviceType in the form in which it is compared, not empty
 * @param scopes in the form in which they are compared
 * @param predicate as it came; empty for none
 * @param spi a security parameter index, empty for none
 */
record ServiceRequest(
    SlpHeader header,
    List<String> previousResponders,
    String serviceType,
    List<String> scopes,
    String predicate,
    String spi) {

  // RFC 2608 §9.1: extensions that a receiver must know or refuse.
  private static final int FIRST_MANDATORY = 0x4000;
  private static final int LAST_MANDATORY = 0x7FFF;
  private static final int EXTENSION_HEADER = 5;

  static ServiceRequest read(ByteBuffer message, SlpHeader header) throws SlpException {
    ByteBuffer body = message.duplicate().position(header.length());
    String previousResponders = string(body, "previous responder list");
    String serviceType = SlpText.comparable(string(body, "service type"));
    String scopes = string(body, "scope list");
    String predicate = string(body, "predicate");
    String spi = string(body, "SPI");
    if (serviceType.isEmpty()) {
      throw new SlpException(SlpError.PARSE_ERROR, "there is no service type");
    }
    checkExtensions(message, header.extensionOffset(), body.position());
    return new ServiceRequest(
        header,
        List.of(previousResponders.split(",", -1)),
        serviceType,
        SlpText.list(scopes),
        predicate,
        spi);
  }

  private static String string(ByteBuffer body, String name) throws SlpException {
    if (body.remaining() < 2) {
      throw new SlpException(SlpError.PARSE_ERROR, "the " + name + " is missing");
    }
    int length = body.getShort() & 0xFFFF;
    if (length > body.remaining()) {
      throw new SlpException(SlpError.PARSE_ERROR, "the " + name + " is cut off");
    }
    ByteBuffer bytes = body.slice(body.position(), length);
    body.position(body.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new SlpException(SlpError.PARSE_ERROR, "the " + name + " is not UTF-8");
    }
  }

  /** None is known here, so a mandatory one is refused. Each lies behind the one before it. */
  private static void checkExtensions(ByteBuffer message, int offset, int bodyEnd)
      throws SlpException {
    if (offset == 0 && bodyEnd != message.limit()) {
      throw new SlpException(SlpError.PARSE_ERROR, "bytes follow the request");
    }
    int earliest = bodyEnd;
    int at = offset;
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
      at = (message.getShort(at + 2) & 0xFFFF) << 8 | (message.get(at + 4) & 0xFF);
    }
  }
}
