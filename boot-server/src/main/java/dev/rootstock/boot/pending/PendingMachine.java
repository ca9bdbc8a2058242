// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import dev.rootstock.boot.clients.MacAddress;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A machine that is no client, as its packets describe it; anybody can forge them.
 *
 * @param mac its network card
 * @param uuid its SMBIOS UUID, where it told one
 * @param kind its firmware in a few words, empty for an operating system
 * @param first when it asked first
 * @param last when it asked last
 */
public record PendingMachine(
    MacAddress mac, Optional<UUID> uuid, String kind, Instant first, Instant last) {}
