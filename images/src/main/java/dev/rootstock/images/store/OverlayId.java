// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.util.UUID;

/**
 * The identity of one overlay, given when it is made and kept in its file. A new boot of an
 * ephemeral client has a new one, so that an old disk can never be taken for the new.
 */
public record OverlayId(UUID value) {

  /** A new identity that no overlay has had. */
  public static OverlayId random() {
    return new OverlayId(UUID.randomUUID());
  }

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException when it is no UUID
   */
  public static OverlayId parse(String text) {
    return new OverlayId(UUID.fromString(text));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
