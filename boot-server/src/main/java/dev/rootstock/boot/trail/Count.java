// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

/**
 * What a boot's machine has moved since the server started.
 *
 * @param generation of the boot
 * @param readBytes read from its disks
 * @param writtenBytes written to them
 */
public record Count(long generation, long readBytes, long writtenBytes) {}
