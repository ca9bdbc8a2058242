// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

/** Foreign text in messages: one line, and not endless. */
final class Text {
  private static final int SHOWN = 80;

  private Text() {}

  static String shown(String value) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < value.length() && i < SHOWN; i++) {
      char c = value.charAt(i);
      line.append(Character.isISOControl(c) ? '?' : c);
    }
    return value.length() > SHOWN ? line.append("...").toString() : line.toString();
  }
}
