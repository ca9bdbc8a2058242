// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one boot has moved since the server started.
 *
 * <p>Counting must cost a read of a cached block nothing: the sums are plain memory to the
 * processor, without a barrier or a locked instruction. They are exact while one event loop serves
 * the boot, as it does but for the moments when firmware and operating system have a session each;
 * two loops that add at once may lose one sum. People look at them, nothing is decided by them.
 */
public final class Traffic {
  private static final VarHandle READ;
  private static final VarHandle WRITTEN;
  private static final VarHandle AWAITED;

  static {
    try {
      MethodHandles.Lookup here = MethodHandles.lookup();
      READ = here.findVarHandle(Traffic.class, "readBytes", long.class);
      WRITTEN = here.findVarHandle(Traffic.class, "writtenBytes", long.class);
      AWAITED = here.findVarHandle(Traffic.class, "writeAwaited", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final long generation;
  private final Runnable firstRead;
  private final Runnable firstWrite;

  @SuppressWarnings("UnusedVariable") // by its handle
  private long readBytes;

  @SuppressWarnings("UnusedVariable") // by its handle
  private long writtenBytes;

  private volatile boolean writeAwaited;

  /**
   * @param firstRead is run when the first bytes are read; must not block
   * @param firstWrite is run at the first write after each {@link #awaitWrite}; must not block
   */
  Traffic(long generation, Runnable firstRead, Runnable firstWrite) {
    this.generation = generation;
    this.firstRead = firstRead;
    this.firstWrite = firstWrite;
  }

  /** The boot's number. */
  public long generation() {
    return generation;
  }

  /** Bytes that were read from the boot's disks. */
  public long readBytes() {
    return (long) READ.getOpaque(this);
  }

  /** Bytes that were written to them. */
  public long writtenBytes() {
    return (long) WRITTEN.getOpaque(this);
  }

  /** The next write is one to tell of. */
  void awaitWrite() {
    writeAwaited = true;
  }

  void read(int bytes) {
    long before = readBytes();
    READ.setOpaque(this, before + bytes);
    if (before == 0) {
      firstRead.run();
    }
  }

  void written(long bytes) {
    WRITTEN.setOpaque(this, writtenBytes() + bytes);
    if (writeAwaited && AWAITED.compareAndSet(this, true, false)) {
      firstWrite.run();
    }
  }
}
