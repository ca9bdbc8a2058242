// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * When the directory agent has begun anew, without registrations. What it says of that grows from
 * start to start, whatever the clock does (RFC 2608 §12.1): a service agent that heard the same or
 * less would not register again.
 */
public final class DirectoryBoots {
  private static final String FILE = "slp-directory-boot";

  private DirectoryBoots() {}

  /**
   * The time to say from now on, durable before it is said.
   *
   * @param data the data directory, of which this process has the lock
   * @param now by the clock
   * @throws IOException naming the file
   */
  public static Instant next(Path data, Instant now) throws IOException {
    Path file = data.resolve(FILE);
    long seconds = Math.max(now.getEpochSecond(), last(file) + 1);
    Path fresh = data.resolve(FILE + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(Long.toString(seconds).getBytes(StandardCharsets.US_ASCII)));
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    return Instant.ofEpochSecond(seconds);
  }

  /** What was said last; 0 where nothing was, or nobody can read it. */
  private static long last(Path file) throws IOException {
    try {
      long said = Long.parseLong(Files.readString(file, StandardCharsets.ISO_8859_1).strip());
      return said >= 0 && said < 0xFFFF_FFFFL ? said : 0;
    } catch (NoSuchFileException | NumberFormatException e) {
      return 0;
    }
  }
}
