// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where the control socket lies. */
final class ControlSocket {
  /** Its name in the data directory. */
  static final String FILE = "control.sock";

  /** sun_path of unix(7) holds 108 bytes, the last of them zero. */
  private static final int LONGEST_PATH = 107;

  private ControlSocket() {}

  static Path of(Path data) {
    return data.resolve(FILE);
  }

  /** The socket's address by the shorter of its absolute path and that from here. */
  static UnixDomainSocketAddress address(Path socket) throws RefusedException {
    Path absolute = socket.toAbsolutePath().normalize();
    Path relative = Path.of("").toAbsolutePath().relativize(absolute);
    Path shorter = length(relative) < length(absolute) ? relative : absolute;
    if (length(shorter) > LONGEST_PATH) {
      throw new RefusedException(
          ("the data directory's path is too long: %s has %d bytes, and a Unix socket's path has"
                  + " %d at most; choose a shorter 'data'")
              .formatted(shorter, length(shorter), LONGEST_PATH));
    }
    return UnixDomainSocketAddress.of(shorter);
  }

  private static int length(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }
}
