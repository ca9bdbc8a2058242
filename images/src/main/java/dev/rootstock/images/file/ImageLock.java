// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * QEMU's way of keeping two writers off one image file, so that qemu-img refuses a disk that we
 * serve and we refuse one that a virtual machine runs on.
 *
 * <p>Every permission has a number. Who uses it holds a shared lock on byte 100 plus the number;
 * who does not let others use it holds one on byte 200 plus the number. After taking its own locks
 * each side looks whether anybody holds the opposite byte. The locks belong to the open file ("open
 * file description locks"): POSIX locks would vanish as soon as the process closed any other
 * descriptor of the same file.
 */
final class ImageLock {
  private static final int USED = 100;
  private static final int NOT_SHARED = 200;

  private static final int CONSISTENT_READ = 0;
  private static final int WRITE = 1;
  private static final int RESIZE = 3;

  private static final Logger LOG = LoggerFactory.getLogger(ImageLock.class);

  private ImageLock() {}

  static void take(int fd, Path path) throws IOException {
    int[] mine = {
      USED + CONSISTENT_READ, USED + WRITE, USED + RESIZE, NOT_SHARED + WRITE, NOT_SHARED + RESIZE
    };
    for (int at : mine) {
      int result = Posix.lock(fd, at);
      if (result == -Posix.EINVAL || result == -Posix.EOPNOTSUPP || result == -Posix.ENOLCK) {
        LOG.warn("{}: the file system has no locks; see to it that nobody else uses it", path);
        return;
      }
      if (result != 0) {
        throw new IOException("cannot lock " + path + ": " + Errno.text(-result));
      }
    }
    int[] theirs = {
      NOT_SHARED + CONSISTENT_READ,
      NOT_SHARED + WRITE,
      NOT_SHARED + RESIZE,
      USED + WRITE,
      USED + RESIZE
    };
    for (int at : theirs) {
      if (Posix.lockedByOthers(fd, at)) {
        throw new IOException(path + " is in use by another program; end it first");
      }
    }
  }
}
