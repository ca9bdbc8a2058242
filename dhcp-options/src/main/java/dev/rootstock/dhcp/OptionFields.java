// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a received packet, put together from the up to three fields that can hold them
 * (RFC 2131 §4.1), with the pieces of split ones joined (RFC 3396 §7).
 *
 * @param options each code once
 * @param fileHoldsOptions whether option overload says so of the field {@code file}
 * @param snameHoldsOptions whether option overload says so of the field {@code sname}
 */
record OptionFields(DhcpOptions options, boolean fileHoldsOptions, boolean snameHoldsOptions) {
  private static final int PAD = 0;
  private static final int END = 255;

  // RFC 2132 §9.3.
  private static final int FILE = 1;
  private static final int SNAME = 2;

  /**
   * Reads the three fields in the order that RFC 3396 §5 fixes: options, file, sname.
   *
   * @throws MalformedDhcpException if an option reaches beyond its field
   */
  static OptionFields read(ByteBuffer field, byte[] file, byte[] sname)
      throws MalformedDhcpException {
    Map<Integer, ByteArrayOutputStream> pieces = new LinkedHashMap<>();
    collect(field, "options", pieces);
    int overload = overload(pieces);
    if ((overload & FILE) != 0) {
      collect(ByteBuffer.wrap(file), "file", pieces);
    }
    if ((overload & SNAME) != 0) {
      collect(ByteBuffer.wrap(sname), "sname", pieces);
    }
    DhcpOptions.Builder options = DhcpOptions.builder();
    pieces.forEach((code, value) -> options.put(code, value.toByteArray()));
    return new OptionFields(options.build(), (overload & FILE) != 0, (overload & SNAME) != 0);
  }

  private static void collect(
      ByteBuffer field, String name, Map<Integer, ByteArrayOutputStream> pieces)
      throws MalformedDhcpException {
    // A field that just stops, without an end option, is common and harmless: it is taken.
    while (field.hasRemaining()) {
      int code = field.get() & 0xFF;
      if (code == END) {
        return;
      }
      if (code == PAD) {
        continue;
      }
      int length = field.hasRemaining() ? field.get() & 0xFF : -1;
      if (length < 0 || length > field.remaining()) {
        throw new MalformedDhcpException(
            "option " + code + " reaches beyond the end of the field " + name);
      }
      byte[] value = new byte[length];
      field.get(value);
      pieces.computeIfAbsent(code, c -> new ByteArrayOutputStream()).writeBytes(value);
    }
  }

  private static int overload(Map<Integer, ByteArrayOutputStream> pieces)
      throws MalformedDhcpException {
    ByteArrayOutputStream value = pieces.get(DhcpOption.OVERLOAD.code());
    if (value == null) {
      return 0;
    }
    int overload = DhcpOption.OVERLOAD.decode(value.toByteArray());
    if (overload < FILE || overload > (FILE | SNAME)) {
      throw new MalformedDhcpException("option overload has the value " + overload);
    }
    return overload;
  }
}
