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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the directory agent has begun anew, without registrations. What it says of that grows from
 * start to start, whatever the clock does (RFC 2608 §12.1): a service agent that heard the same or
 * less would not register again.
 */
public final class DirectoryBoots {
  private static final Logger log = LoggerFactory.getLogger(DirectoryBoots.class);
  private static final String FILE = "slp-directory-boot";

  private DirectoryBoots() {}

  /**
   * The time to say from now on, durable before it is said. Where the disk does not take it, it is
   * said all the same and the log tells: machines boot without it, and a start that fails boots
   * none.
   *
   * @param data the data directory, of which this process has the lock
   * @param now by the clock
   */
  public static Instant next(Path data, Instant now) {
    Path file = data.resolve(FILE);
    long seconds = now.getEpochSecond();
    try {
      seconds = Math.max(seconds, last(file) + 1);
      keep(data, file, seconds);
    } catch (IOException e) {
      log.warn(
          "the SLP directory agent cannot keep in {} when it started ({}), and goes on: see that"
              + " the disk has room and that its directory can be written to; until then, agents"
              + " of others may not register again after a start at which the clock was set back",
          file,
          e.toString());
    }
    return Instant.ofEpochSecond(seconds);
  }

  private static void keep(Path data, Path file, long seconds) throws IOException {
    Path fresh = data.resolve(FILE + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer text = ByteBuffer.wrap(Long.toString(seconds).getBytes(StandardCharsets.US_ASCII));
      while (text.hasRemaining()) {
        out.write(text);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(data, StandardOpenOption.READ)) {
      folder.force(true); // the rename, too
    }
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
