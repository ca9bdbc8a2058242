// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.Base64;

/**
 * What a logical unit remembers, whose meaning is the target's.
 *
 * @param base64 the bytes as the registry's file has them
 */
public record UnitBytes(String base64) {
  public static final UnitBytes NONE = new UnitBytes("");

  public UnitBytes {
    var _ = Base64.getDecoder().decode(base64);
  }

  public static UnitBytes of(byte[] bytes) {
    return new UnitBytes(Base64.getEncoder().encodeToString(bytes));
  }

  public byte[] bytes() {
    return Base64.getDecoder().decode(base64);
  }

  boolean isEmpty() {
    return base64.isEmpty();
  }
}
