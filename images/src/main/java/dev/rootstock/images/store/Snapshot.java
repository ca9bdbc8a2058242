// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.time.Instant;

/**
 * What a client's disk was at one moment.
 *
 * @param client whose it is
 * @param name its name, unique for the client, a {@link ImageStore#isName name}
 * @param base the golden version that the disk stood on, as {@code debian@3}
 * @param sizeBytes the size of the disk
 * @param fileBytes what the snapshot takes in the store
 * @param taken when it was complete
 */
public record Snapshot(
    String client, String name, String base, long sizeBytes, long fileBytes, Instant taken) {}
