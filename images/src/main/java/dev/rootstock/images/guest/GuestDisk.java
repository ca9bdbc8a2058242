// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import static dev.rootstock.images.guest.GuestFormatException.check;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a disk at any offset. It reads {@link Limits#GUEST_READ_BYTES} and no more: however what
 * the guest wrote leads around in circles, looking at it ends. Blocks; not for several threads.
 */
final class GuestDisk {
  private static final int UNIT = 4096;

  private final BlockDevice device;
  private long left = Limits.GUEST_READ_BYTES;

  GuestDisk(BlockDevice device) {
    this.device = device;
  }

  long size() {
    return device.geometry().sizeBytes();
  }

  int sectorBytes() {
    return device.geometry().logicalBlockBytes();
  }

  /**
   * Reads, little-endian.
   *
   * @param length up to {@link Limits#GUEST_PIECE_BYTES}
   */
  ByteBuffer read(long offset, int length) throws IOException {
    check(
        length >= 0 && length <= Limits.GUEST_PIECE_BYTES,
        () -> "%d bytes are no piece of it".formatted(length));
    check(
        offset >= 0 && offset <= size() - length,
        () -> "%d bytes at %d are outside the disk of %d".formatted(length, offset, size()));
    long from = offset / UNIT * UNIT;
    long to = Math.min(size(), Math.ceilDiv(offset + length, (long) UNIT) * UNIT);
    ByteBuffer whole = ByteBuffer.allocate((int) (to - from));
    left -= whole.capacity();
    check(left >= 0, () -> "it leads to more than %d bytes".formatted(Limits.GUEST_READ_BYTES));
    CompletableFuture<@Nullable BlockIoException> done = new CompletableFuture<>();
    device.read(from, whole, done::complete);
    BlockIoException failure = done.join();
    if (failure != null) {
      throw failure;
    }
    return whole.slice((int) (offset - from), length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
