// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * Option 97 (RFC 4578 §2.3): the machine's SMBIOS UUID, as 16 bytes after a type byte of 0.
 *
 * <p>The bytes are kept in the order of the wire, as iPXE and Linux print them from SMBIOS before
 * 2.6. Firmware that swaps the first three fields sends what reads swapped here.
 */
final class ClientMachineId {
  private static final int LENGTH = 17;

  static Optional<UUID> decode(byte[] option) throws MalformedDhcpException {
    if (option.length == 0 || option[0] != 0) {
      return Optional.empty(); // RFC 4578 §2.3: other types are not defined, and no error
    }
    if (option.length != LENGTH) {
      throw new MalformedDhcpException("a machine UUID has 16 bytes, not " + (option.length - 1));
    }
    ByteBuffer bytes = ByteBuffer.wrap(option, 1, LENGTH - 1);
    return Optional.of(new UUID(bytes.getLong(), bytes.getLong()));
  }

  static byte[] encode(Optional<UUID> id) {
    UUID uuid = id.orElseThrow();
    return ByteBuffer.allocate(LENGTH)
        .put((byte) 0)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .array();
  }

  private ClientMachineId() {}
}
