// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.time.Instant;

/**
 * One immutable state of a golden image.
 *
 * @param name the image, a {@link ImageStore#isName name}
 * @param number its version, from 1
 * @param sizeBytes the size of the disk that clients see, a positive multiple of 512
 * @param sha256 the checksum of those bytes, 64 lower-case hexadecimal digits
 * @param imported when it came into the store
 */
public record GoldenVersion(
    String name, int number, long sizeBytes, String sha256, Instant imported) {

  /** {@code debian@3}, as commands and messages write it. */
  @Override
  public String toString() {
    return name + "@" + number;
  }
}
