// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * The header of a message (RFC 2608 §8).
 *
 * @param function which message it is
 * @param flags {@link #OVERFLOW}, {@link #FRESH}, {@link #REQUEST_MCAST}
 * @param extensionOffset where the first extension begins, 0 for none
 * @param xid 0 to 65535
 * @param language a language tag in the form that RFC 2608 §8 gives it
 * @param length of the header in bytes
 */
record SlpHeader(
    SlpFunction function, int flags, int extensionOffset, int xid, String language, int length) {

  static final int VERSION = 2;
  static final int OVERFLOW = 0x8000;
  static final int FRESH = 0x4000;
  static final int REQUEST_MCAST = 0x2000;

  // Where the fields are; the XID is at the same place in version 1.
  static final int FUNCTION_AT = 1;
  static final int LENGTH_AT = 2;
  static final int FLAGS_AT = 5;
  static final int EXTENSION_AT = 7;
  static final int XID_AT = 10;
  static final int LANGUAGE_AT = 12;

  /** The header up to the language tag itself. */
  static final int FIXED = 14;

  private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}");

  /** The language of what is advertised, and of answers to a message whose own cannot be read. */
  static final String ENGLISH = "en";

  /** Reads the header; the first {@link #XID_AT} + 2 bytes are there. */
  static SlpHeader read(ByteBuffer message, SlpFunction function) throws SlpException {
    if (message.get(0) != VERSION) {
      throw new SlpException(SlpError.VER_NOT_SUPPORTED, "version " + message.get(0));
    }
    if (message.limit() < FIXED) {
      throw new SlpException(SlpError.PARSE_ERROR, "the header is cut off");
    }
    int length = uint24(message, LENGTH_AT);
    if (length != message.limit()) {
      throw new SlpException(
          SlpError.PARSE_ERROR,
          "the length says " + length + " bytes, the message has " + message.limit());
    }
    int tag = message.getShort(LANGUAGE_AT) & 0xFFFF;
    if (FIXED + tag > length) {
      throw new SlpException(SlpError.PARSE_ERROR, "the language tag is cut off");
    }
    byte[] bytes = new byte[tag];
    message.get(FIXED, bytes);
    String language = new String(bytes, StandardCharsets.ISO_8859_1);
    if (!LANGUAGE.matcher(language).matches()) {
      // RFC 2608 §7: a registration without a language is no registration.
      throw new SlpException(
          function == SlpFunction.SERVICE_REGISTRATION && language.isEmpty()
              ? SlpError.INVALID_REGISTRATION
              : SlpError.PARSE_ERROR,
          "the language tag is none");
    }
    return new SlpHeader(
        function,
        message.getShort(FLAGS_AT) & 0xFFFF,
        uint24(message, EXTENSION_AT),
        message.getShort(XID_AT) & 0xFFFF,
        language,
        FIXED + tag);
  }

  /** The flag REQUEST MCAST, as far as the message has it. */
  static boolean isMulticast(ByteBuffer message) {
    return message.limit() >= FLAGS_AT + 2 && (message.getShort(FLAGS_AT) & REQUEST_MCAST) != 0;
  }

  /** Whether a message says something, and asks nothing. */
  static boolean isAnswer(byte[] message) {
    return message.length > FUNCTION_AT
        && SlpFunction.of(message[FUNCTION_AT] & 0xFF)
            .filter(each -> !each.isRequest())
            .isPresent();
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** The length that the first five bytes of a message promise. */
  static int uint24(ByteBuffer message, int at) {
    return (message.getShort(at) & 0xFFFF) << 8 | (message.get(at + 2) & 0xFF);
  }

  /** Whether two language tags agree, their dialects aside (RFC 2608 §8.1). */
  static boolean sameLanguage(String one, String other) {
    return primary(one).equalsIgnoreCase(primary(other));
  }

  private static String primary(String language) {
    int dialect = language.indexOf('-');
    return dialect < 0 ? language : language.substring(0, dialect);
  }
}
