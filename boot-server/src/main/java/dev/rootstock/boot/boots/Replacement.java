// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.StoreException;

/**
 * What a client's overlay is replaced by while its boot is over: a snapshot, or the same content on
 * another version.
 *
 * <p>The new overlay has the identity of the old one, where there is one: so a crash after the
 * replacing and before the record knows of it leaves a client that has its disk.
 *
 * @param overlay the identity
 * @param image the golden version that the new overlay stands on
 * @param maker makes it, and puts it into the old one's place in one step
 */
public record Replacement(OverlayId overlay, ImageReference image, Maker maker) {

  /** May take as long as the copying of a disk. */
  @FunctionalInterface
  public interface Maker {
    void make(OverlayId overlay) throws StoreException;
  }

  void make() throws StoreException {
    maker.make(overlay);
  }
}
