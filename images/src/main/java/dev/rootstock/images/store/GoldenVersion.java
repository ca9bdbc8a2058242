// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One immutable state of a golden image.
 *
 * @param name the image, a {@link ImageStore#isName name}
 * @param number its version, from 1
 * @param sizeBytes the size of the disk that clients see, a positive multiple of 512
 * @param sha256 the checksum of those bytes, 64 lower-case hexadecimal digits
 * @param imported when it came into the store
 * @param format how its file holds it, {@link SourceFormat#RAW} or {@link SourceFormat#QCOW2}
 * @param origin what it was made of, for people: a file's name, or a client's
 * @param pieces the checksum of the file that holds the checksums of its pieces; null for none
 */
public record GoldenVersion(
    String name,
    int number,
    long sizeBytes,
    String sha256,
    Instant imported,
    SourceFormat format,
    String origin,
    @Nullable String pieces) {

  /** The name of its file in its image's folder: {@code 3.raw}. */
  String file() {
    return number + "." + format.text();
  }

  /** {@code debian@3}, as commands and messages write it. */
  @Override
  public String toString() {
    return name + "@" + number;
  }
}
