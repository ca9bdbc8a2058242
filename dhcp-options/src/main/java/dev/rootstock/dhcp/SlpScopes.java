// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.charset.StandardCharsets;

/**
 * Option 79 (RFC 2610 §4): the scopes that SLP's agents are to use.
 *
 * @param mandatory whether they come before what an agent was configured with
 * @param list separated by commas; empty where the user selects (§4.1)
 */
public record SlpScopes(boolean mandatory, String list) {

  static SlpScopes decode(byte[] option) throws MalformedDhcpException {
    if (option.length == 0) {
      throw new MalformedDhcpException("SLP scopes without their first byte");
    }
    return new SlpScopes(
        option[0] == 1, new String(option, 1, option.length - 1, StandardCharsets.UTF_8));
  }

  byte[] encode() {
    byte[] text = list.getBytes(StandardCharsets.UTF_8);
    byte[] option = new byte[1 + text.length];
    option[0] = (byte) (mandatory ? 1 : 0);
    System.arraycopy(text, 0, option, 1, text.length);
    return option;
  }
}
