// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Option 77 (RFC 3004 §4). The RFC has a length byte before each class; iPXE and others send the
 * bare text of one. The bytes are read as the RFC has them when the lengths add up exactly, and as
 * one bare text otherwise. {@code iPXE} cannot be both: 'i' would be a length of 105.
 *
 * @param classes at least one
 */
public record UserClass(List<String> classes) {

  static final String IPXE = "iPXE";

  public UserClass {
    classes = List.copyOf(classes);
  }

  /** Whether iPXE sent it. */
  public boolean isIpxe() {
    return classes.contains(IPXE);
  }

  static UserClass decode(byte[] option) throws MalformedDhcpException {
    if (option.length == 0) {
      throw new MalformedDhcpException("a user class has one byte at least");
    }
    List<String> classes = new ArrayList<>();
    int at = 0;
    while (at < option.length) {
      int length = option[at] & 0xFF;
      if (length == 0 || at + 1 + length > option.length) {
        return new UserClass(List.of(new String(option, StandardCharsets.ISO_8859_1)));
      }
      classes.add(new String(option, at + 1, length, StandardCharsets.ISO_8859_1));
      at += 1 + length;
    }
    return new UserClass(classes);
  }

  byte[] encode() {
    StringBuilder option = new StringBuilder();
    classes.forEach(each -> option.append((char) each.length()).append(each));
    return option.toString().getBytes(StandardCharsets.ISO_8859_1);
  }
}
