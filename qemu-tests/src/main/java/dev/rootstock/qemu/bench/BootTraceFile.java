// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BootTrace} in a file: text, packed by gzip, so that {@code zcat} shows it.
 *
 * <pre>
 * rootstock-boot-trace 1
 * guest Debian, Linux 6.12.57+deb13-cloud-amd64
 * disk 107986944
 * R 0 812 0 512
 * R 1312 745 6291456 1024
 * F 9124511 3100
 * end 3
 * </pre>
 *
 * The first line holds the format's version. A line of an operation says what it is (Read, Write,
 * Flush, Discard), how many microseconds after the one before it began, how many it took, and, save
 * for a flush, offset and length in bytes. The last line counts them, so that no cut goes unseen.
 */
final class BootTraceFile {
  private static final String MAGIC = "rootstock-boot-trace";
  private static final int VERSION = 1;

  private final String name;
  private final BufferedReader in;
  private int number;

  private BootTraceFile(String name, BufferedReader in) {
    this.name = name;
    this.in = in;
  }

  /** The trace that comes with Rootstock. */
  static BootTrace ours() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(BootTraceFile.class.getResourceAsStream("debian-boot.trace.gz"))) {
      return read("debian-boot.trace.gz", in);
    }
  }

  /**
   * Reads a file.
   *
   * @throws IOException naming the file, the line, and what is wrong there
   */
  static BootTrace read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.toString(), in);
    } catch (NoSuchFileException e) {
      throw new IOException(
          "there is no trace %s: 'rootstock storm --record %s' makes it".formatted(file, file), e);
    }
  }

  static BootTrace read(String name, InputStream in) throws IOException {
    try {
      return new BootTraceFile(
              name,
              new BufferedReader(
                  new InputStreamReader(new GZIPInputStream(in), StandardCharsets.UTF_8)))
          .trace();
    } catch (MalformedTraceException e) {
      throw e;
    } catch (IOException e) {
      // What gzip says of a file that is none, that was cut or damaged, names nothing.
      throw new MalformedTraceException(name, "it cannot be unpacked: " + e.getMessage(), e);
    }
  }

  private BootTrace trace() throws IOException {
    String[] first = words("'%s %d'".formatted(MAGIC, VERSION));
    if (first.length != 2 || !first[0].equals(MAGIC)) {
      throw wrong("is no boot trace: it would begin with '%s %d'".formatted(MAGIC, VERSION));
    }
    if (number(first[1], "version") != VERSION) {
      throw wrong("version %s is not known here, only %d is".formatted(first[1], VERSION));
    }
    String guest = after("guest ");
    long disk = number(after("disk "), "size of the disk");
    List<Operation> operations = new ArrayList<>();
    long began = 0;
    String[] words = words("an operation or 'end'");
    while (!words[0].equals("end")) {
      if (operations.size() == BenchLimits.OPERATIONS) {
        throw wrong("has more than %,d operations".formatted(BenchLimits.OPERATIONS));
      }
      Operation each = operation(words, began);
      operations.add(each);
      began = each.beganMicros();
      words = words("an operation or 'end'");
    }
    if (words.length != 2 || number(words[1], "count") != operations.size()) {
      throw wrong("does not count the %d operations before it".formatted(operations.size()));
    }
    if (line() != null) {
      throw wrong("stands behind the end");
    }
    try {
      return new BootTrace(guest, disk, operations);
    } catch (IllegalArgumentException e) {
      throw new MalformedTraceException(name, String.valueOf(e.getMessage()), e);
    }
  }

  private Operation operation(String[] words, long before) throws IOException {
    for (Kind kind : Kind.values()) {
      if (words[0].equals(String.valueOf(kind.letter))) {
        if (words.length != (kind == Kind.FLUSH ? 3 : 5)) {
          throw wrong("has %d words".formatted(words.length));
        }
        try {
          return new Operation(
              Math.addExact(before, number(words[1], "time")),
              number(words[2], "duration"),
              kind,
              kind == Kind.FLUSH ? 0 : number(words[3], "offset"),
              kind == Kind.FLUSH ? 0 : number(words[4], "length"));
        } catch (IllegalArgumentException | ArithmeticException e) {
          throw wrong("is no operation: " + e.getMessage());
        }
      }
    }
    throw wrong("begins with '%s', which is none of R, W, F, D and end".formatted(words[0]));
  }

  private String after(String beginning) throws IOException {
    String line = line();
    if (line == null || !line.startsWith(beginning)) {
      throw wrong("does not begin with '%s'".formatted(beginning.strip()));
    }
    return line.substring(beginning.length());
  }

  private String[] words(String wanted) throws IOException {
    String line = line();
    if (line == null) {
      throw wrong("is missing: the file ends where %s should be".formatted(wanted));
    }
    return line.split(" ", -1);
  }

  private @Nullable String line() throws IOException {
    number++;
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        if (!line.isEmpty()) {
          throw wrong("has no end");
        }
        return null;
      }
      if (line.length() == BenchLimits.TRACE_LINE) {
        throw wrong("is longer than %d characters".formatted(BenchLimits.TRACE_LINE));
      }
      line.append((char) next);
    }
    return line.toString();
  }

  private long number(String text, String what) throws IOException {
    if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw wrong("'%s' is no %s".formatted(text, what));
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw wrong("'%s' is too large for a %s".formatted(text, what));
    }
  }

  private MalformedTraceException wrong(String what) {
    return new MalformedTraceException(name, "line %d %s".formatted(number, what), null);
  }

  /** Writes a trace into a file; replaces what is there. */
  static void write(BootTrace trace, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      write(trace, out);
    }
  }

  static void write(BootTrace trace, OutputStream to) throws IOException {
    try (Writer out = new OutputStreamWriter(new GZIPOutputStream(to), StandardCharsets.UTF_8)) {
      out.write("%s %d\n".formatted(MAGIC, VERSION));
      out.write("guest %s\ndisk %d\n".formatted(trace.guest(), trace.diskBytes()));
      long before = 0;
      for (Operation each : trace.operations()) {
        out.write(each.kind().letter + " " + (each.beganMicros() - before));
        out.write(" " + each.tookMicros());
        if (each.kind() != Kind.FLUSH) {
          out.write(" " + each.offset() + " " + each.length());
        }
        out.write('\n');
        before = each.beganMicros();
      }
      out.write("end %d\n".formatted(trace.operations().size()));
    }
  }
}
