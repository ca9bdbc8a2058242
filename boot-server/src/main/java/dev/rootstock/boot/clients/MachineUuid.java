// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The SMBIOS UUID of a machine. Firmware differs in how it writes the first three fields: as the
 * bytes stand in SMBIOS, where they are little-endian since version 2.6, or in the order of RFC
 * 9562 that {@code dmidecode} prints. So two UUIDs that differ in that order only are of one
 * machine.
 */
public final class MachineUuid {
  /** RFC 9562 §4: UUID.fromString takes shorter groups too, which are typing errors here. */
  private static final Pattern FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private static final UUID ABSENT = new UUID(0, 0);
  private static final UUID NOT_SET = new UUID(-1, -1);

  /** What boards have where nobody set one: the same on all of them. */
  private static final UUID PLACEHOLDER = UUID.fromString("03000200-0400-0500-0006-000700080009");

  private MachineUuid() {}

  /** Reads one as {@code dmidecode -s system-uuid} prints it. */
  public static UUID parse(String text) {
    if (!FORM.matcher(text).matches()) {
      throw new InvalidClientException(
          "'%s' is no UUID: write it as 'dmidecode -s system-uuid' prints it"
              .formatted(Text.shown(text)));
    }
    UUID uuid = UUID.fromString(text);
    if (!tellsApart(uuid)) {
      throw new InvalidClientException(
          "UUID %s means that the machine has none (SMBIOS): use --mac instead".formatted(uuid));
    }
    if (isShared(uuid)) {
      throw new InvalidClientException(
          "UUID %s is that of many boards whose maker set none: use --mac instead".formatted(uuid));
    }
    return uuid;
  }

  /** Whether it is a UUID at all: SMBIOS has all zeros and all ones for none. */
  static boolean tellsApart(UUID uuid) {
    return !uuid.equals(ABSENT) && !uuid.equals(NOT_SET);
  }

  /** Whether many boards have it, because nobody set one: no machine is told by it. */
  public static boolean isShared(UUID uuid) {
    return same(uuid, PLACEHOLDER);
  }

  /** The same UUID with its first three fields in the other order. */
  static UUID swapped(UUID uuid) {
    long bits = uuid.getMostSignificantBits();
    long first = Integer.toUnsignedLong(Integer.reverseBytes((int) (bits >>> 32)));
    long second = Short.toUnsignedLong(Short.reverseBytes((short) (bits >>> 16)));
    long third = Short.toUnsignedLong(Short.reverseBytes((short) bits));
    return new UUID(first << 32 | second << 16 | third, uuid.getLeastSignificantBits());
  }

  /** One of the two forms, the same for both. */
  static UUID either(UUID uuid) {
    UUID other = swapped(uuid);
    return uuid.compareTo(other) <= 0 ? uuid : other;
  }

  /** Whether both are of one machine. */
  public static boolean same(UUID one, UUID other) {
    return either(one).equals(either(other));
  }
}
