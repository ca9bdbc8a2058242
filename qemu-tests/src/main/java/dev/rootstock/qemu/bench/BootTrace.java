// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.util.List;

/**
 * What a machine asked of its disk while it booted, as it came over the wire.
 *
 * @param guest what booted, in a few words on one line, at most {@link BenchLimits#TRACE_LINE} / 2
 *     characters
 * @param diskBytes the size of its disk
 * @param operations in the order in which they began; none reaches beyond the disk
 */
record BootTrace(String guest, long diskBytes, List<Operation> operations) {
  static final int BLOCK = 512;

  /** What an operation does. */
  enum Kind {
    READ('R'),
    WRITE('W'),
    FLUSH('F'),
    DISCARD('D');

    final char letter;

    Kind(char letter) {
      this.letter = letter;
    }
  }

  /**
   * One command of a machine.
   *
   * @param beganMicros when it reached the target, counted from the boot's first
   * @param tookMicros until its answer left
   * @param offset in bytes, a multiple of 512; 0 for a flush
   * @param length in bytes, a multiple of 512; 0 for a flush
   */
  record Operation(long beganMicros, long tookMicros, Kind kind, long offset, long length) {
    Operation {
      if (beganMicros < 0 || tookMicros < 0) {
        throw new IllegalArgumentException("a time before the first command");
      }
      if (offset < 0 || length < 0 || offset % BLOCK != 0 || length % BLOCK != 0) {
        throw new IllegalArgumentException("offset and length are multiples of " + BLOCK);
      }
      if (kind == Kind.FLUSH ? offset != 0 || length != 0 : length == 0) {
        throw new IllegalArgumentException("a flush has no range, and all others have one");
      }
      if (kind != Kind.DISCARD && length > BenchLimits.OPERATION_BYTES) {
        throw new IllegalArgumentException(
            "longer than %d bytes".formatted(BenchLimits.OPERATION_BYTES));
      }
    }

    long endedMicros() {
      return beganMicros + tookMicros;
    }
  }

  BootTrace {
    operations = List.copyOf(operations);
    if (guest.length() > BenchLimits.TRACE_LINE / 2 || guest.chars().anyMatch(c -> c < ' ')) {
      throw new IllegalArgumentException("the guest is told in a few words on one line");
    }
    if (diskBytes <= 0 || diskBytes % BLOCK != 0) {
      throw new IllegalArgumentException("a disk of %d bytes".formatted(diskBytes));
    }
    if (operations.isEmpty()) {
      throw new IllegalArgumentException("nothing was asked of the disk");
    }
    long before = 0;
    for (Operation each : operations) {
      if (each.beganMicros() < before) {
        throw new IllegalArgumentException("operations are not in the order of their beginnings");
      }
      if (each.offset() > diskBytes - each.length()) {
        throw new IllegalArgumentException("%s is beyond the disk's end".formatted(each));
      }
      before = each.beganMicros();
    }
  }

  /** From the first command to the end of the last one. */
  long micros() {
    return operations.stream().mapToLong(Operation::endedMicros).max().orElseThrow();
  }

  long count(Kind kind) {
    return operations.stream().filter(each -> each.kind() == kind).count();
  }

  long bytes(Kind kind) {
    return operations.stream()
        .filter(each -> each.kind() == kind)
        .mapToLong(Operation::length)
        .sum();
  }
}
