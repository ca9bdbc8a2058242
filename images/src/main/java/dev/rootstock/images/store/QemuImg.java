// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static java.util.regex.Pattern.CASE_INSENSITIVE;

import dev.rootstock.images.Limits;
import dev.rootstock.images.store.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * QEMU's image tool, for the formats that we do not read ourselves. It is told the format, gets its
 * file names behind {@code --} and as absolute paths (so none is taken for an option or a
 * protocol), and runs under limits of memory, time and file size: what it reads is a stranger's.
 *
 * @param seconds of the processor that it may take
 * @param memoryKib its address space
 * @param fileBytes the length of a file that it makes
 */
record QemuImg(String program, long seconds, long memoryKib, long fileBytes) {
  /** The one that is installed, under the limits that hold for every image. */
  static final QemuImg INSTALLED =
      new QemuImg(
          "qemu-img", Limits.QEMU_IMG_SECONDS, Limits.QEMU_IMG_MEMORY_KIB, Limits.MAX_DISK_BYTES);

  private static final Pattern PERCENT = Pattern.compile("\\(([0-9.]+)/100%\\)");

  /**
   * What a tool says that gets no more memory: in words of the C library, of GLib, of the loader.
   */
  private static final Pattern NO_MEMORY =
      Pattern.compile("allocate|out of memory|memory exhausted|failed to map", CASE_INSENSITIVE);

  /**
   * The shell sets limits that Java cannot, and becomes the tool. At the soft limit of seconds it
   * gets a signal of its own; at the hard one, for a tool that ignores that, it is killed.
   */
  private static final String LIMITED =
      "ulimit -c 0; ulimit -S -t \"$1\"; ulimit -H -t \"$(($1 + 1))\"; ulimit -v \"$2\"; "
          + "ulimit -f \"$3\"; shift 3; exec \"$@\"";

  /** How a process ends that a signal ended: the shell's way to say it, which Java's is too. */
  private static final int SIGNAL = 128;

  private static final int SIGXCPU = SIGNAL + 24;
  private static final int SIGXFSZ = SIGNAL + 25;

  /** Makes a raw file of an image. */
  void toRaw(SourceFormat format, Path image, Path raw, Progress progress, long total)
      throws StoreException, IOException {
    String why = image + " is a " + format.text() + " image";
    if (format == SourceFormat.VMDK) {
      // Otherwise what such a file names beyond its end is zeros, and a part of one is a disk.
      run(why, List.of("check", "-q", "-f", format.driver()), List.of(image), progress, total);
    }
    run(
        why,
        List.of("convert", "-p", "-f", format.driver(), "-O", "raw"),
        List.of(image, raw),
        progress,
        total);
  }

  /** Makes an image of a file of ours, raw or qcow2. */
  void fromOurs(Path ours, SourceFormat format, Path image, Progress progress, long total)
      throws StoreException, IOException {
    String from = ours.toString().endsWith(".qcow2") ? "qcow2" : "raw";
    List<String> options =
        new ArrayList<>(List.of("convert", "-p", "-f", from, "-O", format.driver()));
    if (format == SourceFormat.VHD) {
      // Otherwise the size is rounded up to what cylinders, heads and sectors can say.
      options.addAll(List.of("-o", "force_size=on"));
    }
    run(
        "a " + format.text() + " image is to be made",
        options,
        List.of(ours, image),
        progress,
        total);
  }

  private void run(String why, List<String> words, List<Path> files, Progress progress, long total)
      throws StoreException, IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("sh", "-c", LIMITED, "sh"));
    command.add(Long.toString(seconds));
    command.add(Long.toString(memoryKib));
    command.add(Long.toString(fileBytes / 512));
    command.add(program);
    command.addAll(words);
    command.add("--");
    files.forEach(file -> command.add(file.toAbsolutePath().toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said;
    try {
      process.getOutputStream().close();
      // On another thread, for a read of what it says cannot be interrupted.
      FutureTask<String> following =
          new FutureTask<>(() -> follow(process.getInputStream(), progress, total));
      Thread.ofVirtual().start(following);
      said = following.get();
      int exit = process.waitFor();
      if (exit == 127) {
        throw new StoreException(
            Kind.INVALID,
            why
                + ", and qemu-img, which reads and writes those, is not installed: install the"
                + " package qemu-utils, or convert elsewhere to raw or qcow2");
      }
      if (exit != 0) {
        throw new StoreException(
            said.contains("No space left") ? Kind.NO_SPACE : Kind.INVALID,
            "%s, and qemu-img %s (exit %d)%s"
                .formatted(why, end(exit, said), exit, said.isEmpty() ? "" : ": " + said));
      }
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case IOException unreadable -> throw unreadable;
        case RuntimeException told -> throw told;
        case null, default -> throw new IllegalStateException(failed);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while qemu-img worked");
    } finally {
      process.destroyForcibly();
    }
  }

  /** Which of its limits has ended it, if it was one. */
  private String end(int exit, String said) {
    return switch (exit) {
      case SIGXCPU -> "was ended: it may take %d seconds of the processor".formatted(seconds);
      case SIGXFSZ -> "was ended: it may write %d bytes".formatted(fileBytes);
      default ->
          NO_MEMORY.matcher(said).find()
              ? "failed for want of memory, of which it may take %d MiB".formatted(memoryKib >> 10)
              : "failed";
    };
  }

  /** Tells the progress, and returns the last of what else was said, on one line. */
  private static String follow(InputStream in, Progress progress, long total) throws IOException {
    ProgressClock clock = new ProgressClock(progress, total);
    StringBuilder said = new StringBuilder();
    byte[] piece = new byte[512];
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      String text = new String(piece, 0, count, StandardCharsets.ISO_8859_1);
      Matcher percent = PERCENT.matcher(text);
      if (percent.find()) {
        clock.at((long) (Double.parseDouble(percent.group(1)) / 100 * total));
      }
      String rest = percent.replaceAll("");
      boolean apart = said.isEmpty() || Character.isWhitespace(said.charAt(said.length() - 1));
      if (!(apart && rest.isBlank()) && said.length() < Limits.QEMU_IMG_MESSAGE_BYTES) {
        said.append(rest);
      }
    }
    return said.toString().replaceAll("\\s+", " ").strip();
  }
}
