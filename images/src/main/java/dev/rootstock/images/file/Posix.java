// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that the JDK does not offer: a read that never waits, a gathering write at an
 * offset, and errors as numbers. Linux on x86_64 and aarch64, where these constants are the same.
 *
 * <p>Results are those of the C library, with a negative errno in place of -1.
 */
final class Posix {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_CLOEXEC = 02000000;

  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EROFS = 30;
  static final int ENOLCK = 37;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  /** Buffers that one {@link #pwritev} takes; the kernel's own bound is 1024. */
  static final int MAX_PARTS = 64;

  private static final int RWF_NOWAIT = 8;

  private Posix() {}

  /** Whether this machine has the calls; when not, no other method may be called. */
  static boolean available() {
    return Calls.PROBLEM == null;
  }

  static int open(Path path, int flags, int mode) {
    Scratch scratch = Scratch.mine();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      int fd =
          (int) Calls.OPEN.invokeExact(scratch.captured, name.address(), flags | O_CLOEXEC, mode);
      return fd >= 0 ? fd : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static int close(int fd) {
    Scratch scratch = Scratch.mine();
    try {
      return (int) Calls.CLOSE.invokeExact(scratch.captured, fd) == 0 ? 0 : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static int fdatasync(int fd) {
    Scratch scratch = Scratch.mine();
    try {
      return (int) Calls.FDATASYNC.invokeExact(scratch.captured, fd) == 0 ? 0 : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** The file's length, without moving anything: descriptors of ours have no use for a position. */
  static long size(int fd) {
    Scratch scratch = Scratch.mine();
    try {
      long end = (long) Calls.LSEEK.invokeExact(scratch.captured, fd, 0L, 2 /* SEEK_END */);
      return end >= 0 ? end : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static int truncate(int fd, long size) {
    Scratch scratch = Scratch.mine();
    try {
      return (int) Calls.FTRUNCATE.invokeExact(scratch.captured, fd, size) == 0
          ? 0
          : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static int punch(int fd, long offset, long length) {
    Scratch scratch = Scratch.mine();
    try {
      int result =
          (int)
              Calls.FALLOCATE.invokeExact(
                  scratch.captured, fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, offset, length);
      return result == 0 ? 0 : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Bytes on the disk: st_blocks, which stands at 64 in struct stat on both architectures. */
  static long allocated(int fd) {
    Scratch scratch = Scratch.mine();
    MemorySegment stat = scratch.vector;
    try {
      int result = (int) Calls.FSTAT.invokeExact(scratch.captured, fd, stat.address());
      return result == 0 ? 512 * stat.get(ValueLayout.JAVA_LONG, 64) : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Takes a shared open file description lock on one byte. */
  static int lock(int fd, long at) {
    return fcntl(fd, 37 /* F_OFD_SETLK */, 0 /* F_RDLCK */, at);
  }

  /** Whether another open file has the byte locked in any way. */
  static boolean lockedByOthers(int fd, long at) {
    int result = fcntl(fd, 36 /* F_OFD_GETLK */, 1 /* F_WRLCK */, at);
    return result == 0 && Scratch.mine().vector.get(ValueLayout.JAVA_SHORT, 0) != 2 /* F_UNLCK */;
  }

  private static int fcntl(int fd, int command, int type, long at) {
    Scratch scratch = Scratch.mine();
    MemorySegment lock = scratch.vector.asSlice(0, 32).fill((byte) 0);
    lock.set(ValueLayout.JAVA_SHORT, 0, (short) type); // l_whence stays SEEK_SET, l_pid zero
    lock.set(ValueLayout.JAVA_LONG, 8, at);
    lock.set(ValueLayout.JAVA_LONG, 16, 1);
    try {
      int result = (int) Calls.FCNTL.invokeExact(scratch.captured, fd, command, lock.address());
      return result == 0 ? 0 : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static long pread(int fd, long address, long length, long offset) {
    Scratch scratch = Scratch.mine();
    try {
      long count = (long) Calls.PREAD.invokeExact(scratch.captured, fd, address, length, offset);
      return count >= 0 ? count : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Writes what {@link Scratch#part} was told of, {@code parts} entries. */
  static long pwritev(int fd, Scratch scratch, int parts, long offset) {
    try {
      long count =
          (long)
              Calls.PWRITEV.invokeExact(
                  scratch.captured, fd, scratch.vector.address(), parts, offset);
      return count >= 0 ? count : -scratch.errno();
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Reads what the page cache holds.
   *
   * <p>The linker's option "critical" would keep safepoints waiting for this call, and measured at
   * 4 KiB it saves nothing (1.24 us with it, 1.27 us without, 1.15 us a blocking FileChannel).
   *
   * @return the bytes read, fewer than asked for when the rest is not cached, or -1
   */
  static long readCached(int fd, long address, long length, long offset) {
    MemorySegment vector = Scratch.mine().vector;
    vector.set(ValueLayout.JAVA_LONG, 0, address);
    vector.set(ValueLayout.JAVA_LONG, 8, length);
    try {
      return (long) Calls.PREADV2.invokeExact(fd, vector.address(), 1, offset, RWF_NOWAIT);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Whether the page cache holds all pages of a mapped range.
   *
   * <p>The kernel tells the file's owner, and whoever may write it; others hear that all is there.
   * Golden files belong to whoever made them, and that is the server's user.
   *
   * @param address of the first byte, mapped to the end of its page
   * @param length bytes, up to {@link dev.rootstock.images.Limits#MAX_LOAN_BYTES}
   */
  static boolean cached(long address, long length) {
    Scratch scratch = Scratch.mine();
    long first = address & -Calls.PAGE;
    long pages = (address + length - first + Calls.PAGE - 1) / Calls.PAGE;
    try {
      int result =
          (int)
              Calls.MINCORE.invokeExact(
                  scratch.captured, first, address + length - first, scratch.vector.address());
      return result == 0 && scratch.allOdd(pages);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Memory of one thread for the arguments and the errno of its calls. */
  static final class Scratch {
    private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment captured = Arena.ofAuto().allocate(Calls.CAPTURED);
    private final MemorySegment vector = Arena.ofAuto().allocate(16L * MAX_PARTS, 8);

    static Scratch mine() {
      return MINE.get();
    }

    void part(int index, long address, long length) {
      vector.set(ValueLayout.JAVA_LONG, 16L * index, address);
      vector.set(ValueLayout.JAVA_LONG, 16L * index + 8, length);
    }

    /** Whether the lowest bit of each of the first {@code count} bytes is set. */
    private boolean allOdd(long count) {
      long at = 0;
      for (; at + Long.BYTES <= count; at += Long.BYTES) {
        long eight = vector.get(ValueLayout.JAVA_LONG, at);
        if ((eight & 0x0101_0101_0101_0101L) != 0x0101_0101_0101_0101L) {
          return false;
        }
      }
      for (; at < count; at++) {
        if ((vector.get(ValueLayout.JAVA_BYTE, at) & 1) == 0) {
          return false;
        }
      }
      return true;
    }

    private int errno() {
      return (int) Calls.ERRNO.get(captured, 0L);
    }
  }

  /** Looked up once, when a file is first opened. Pointers are passed as 64-bit integers. */
  private static final class Calls {
    static final MemoryLayout CAPTURED = Linker.Option.captureStateLayout();
    static final VarHandle ERRNO =
        CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    static final MethodHandle OPEN;
    static final MethodHandle CLOSE;
    static final MethodHandle FDATASYNC;
    static final MethodHandle LSEEK;
    static final MethodHandle PREAD;
    static final MethodHandle PWRITEV;
    static final MethodHandle PREADV2;
    static final MethodHandle FTRUNCATE;
    static final MethodHandle FALLOCATE;
    static final MethodHandle FSTAT;
    static final MethodHandle FCNTL;
    static final MethodHandle MINCORE;
    static final long PAGE;
    static final @Nullable String PROBLEM;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    static {
      String problem = null;
      long page = 0;
      MethodHandle[] calls = new MethodHandle[12];
      String system = System.getProperty("os.name", "") + " " + System.getProperty("os.arch", "");
      if (system.equals("Linux amd64") || system.equals("Linux aarch64")) {
        try {
          Linker.Option errno = Linker.Option.captureCallState("errno");
          calls[0] = call("open", INT, errno, Linker.Option.firstVariadicArg(2), LONG, INT, INT);
          calls[1] = call("close", INT, errno, null, INT);
          calls[2] = call("fdatasync", INT, errno, null, INT);
          calls[3] = call("lseek", LONG, errno, null, INT, LONG, INT);
          calls[4] = call("pread", LONG, errno, null, INT, LONG, LONG, LONG);
          calls[5] = call("pwritev", LONG, errno, null, INT, LONG, INT, LONG);
          calls[6] = call("preadv2", LONG, null, null, INT, LONG, INT, LONG, INT);
          calls[7] = call("ftruncate", INT, errno, null, INT, LONG);
          calls[8] = call("fallocate", INT, errno, null, INT, INT, LONG, LONG);
          calls[9] = call("fstat", INT, errno, null, INT, LONG);
          calls[10] = call("fcntl", INT, errno, Linker.Option.firstVariadicArg(2), INT, INT, LONG);
          calls[11] = call("mincore", INT, errno, null, LONG, LONG, LONG);
          page = (long) call("sysconf", LONG, null, null, INT).invokeExact(30 /* _SC_PAGESIZE */);
        } catch (Throwable missing) {
          problem = missing.toString();
        }
      } else {
        problem = "not made for " + system;
      }
      OPEN = calls[0];
      CLOSE = calls[1];
      FDATASYNC = calls[2];
      LSEEK = calls[3];
      PREAD = calls[4];
      PWRITEV = calls[5];
      PREADV2 = calls[6];
      FTRUNCATE = calls[7];
      FALLOCATE = calls[8];
      FSTAT = calls[9];
      FCNTL = calls[10];
      MINCORE = calls[11];
      PAGE = page;
      PROBLEM = problem;
    }

    @SuppressWarnings("restricted") // native calls are this file's purpose; the flag allows them
    private static MethodHandle call(
        String name,
        MemoryLayout result,
        Linker.@Nullable Option first,
        Linker.@Nullable Option second,
        MemoryLayout... arguments) {
      Linker linker = Linker.nativeLinker();
      SymbolLookup lookup = linker.defaultLookup();
      MemorySegment symbol = lookup.findOrThrow(name);
      Linker.Option[] options =
          Stream.of(first, second).filter(Objects::nonNull).toArray(Linker.Option[]::new);
      return linker.downcallHandle(symbol, FunctionDescriptor.of(result, arguments), options);
    }
  }
}
