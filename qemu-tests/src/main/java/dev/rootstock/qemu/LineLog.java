// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a machine or a service prints: kept in a file, given to a listener line by line, and waited
 * for. A wait begins after the line that ended the wait before it, so a test reads like the log.
 */
final class LineLog {
  /** Clearing the screen, moving the cursor, colours: ECMA-48 control sequences. */
  private static final Pattern CONTROL_SEQUENCE =
      Pattern.compile("\u001b\\[[0-9;?]*[A-Za-z]|\u001b[()][A-Z0-9]|[\u0000-\u0008\u000b-\u001f]");

  /** How many lines an error shows of what was printed last. */
  private static final int TAIL = 15;

  private final String name;
  private final Path file;
  private final Consumer<String> listener;
  private final List<String> lines = new ArrayList<>();
  private int mark;

  /** How many streams were followed so far; the last is the one whose end matters. */
  private int follower;

  private boolean ended;

  LineLog(String name, Path file, Consumer<String> listener) {
    this.name = name;
    this.file = file;
    this.listener = listener;
  }

  Path file() {
    return file;
  }

  /** Reads a stream to its end on a thread of its own. What is in the file already stays. */
  void follow(InputStream stream) throws IOException {
    Files.createDirectories(file.getParent());
    Writer kept =
        Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    int number = begin();
    Thread.ofPlatform().daemon().name("log of " + name).start(() -> readAll(stream, kept, number));
  }

  private void readAll(InputStream stream, Writer kept, int number) {
    try (kept;
        var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String raw = reader.readLine(); raw != null; raw = reader.readLine()) {
        String line = CONTROL_SEQUENCE.matcher(raw).replaceAll("");
        kept.write(line + "\n");
        kept.flush();
        add(line);
        listener.accept(line);
      }
    } catch (IOException e) {
      add("the log of " + name + " broke off: " + e.getMessage());
    } finally {
      end(number);
    }
  }

  private synchronized int begin() {
    ended = false;
    return ++follower;
  }

  private synchronized void add(String line) {
    lines.add(line);
    notifyAll();
  }

  private synchronized void end(int number) {
    ended = ended || number == follower;
    notifyAll();
  }

  /**
   * Waits for a line in which the expression is found, after the one found before.
   *
   * @return the match; its groups are those of the expression
   * @throws IOException when the deadline passes, or the program ends, without such a line; or when
   *     a test machine says that it failed
   */
  synchronized Matcher await(String expression, Duration deadline)
      throws IOException, InterruptedException {
    Pattern pattern = Pattern.compile(expression);
    long giveUp = System.nanoTime() + deadline.toNanos();
    while (true) {
      while (mark < lines.size()) {
        String line = lines.get(mark++);
        Matcher matcher = pattern.matcher(line);
        if (matcher.find()) {
          return matcher;
        }
        if (line.startsWith("ROOTSTOCK failed")) {
          throw new IOException(name + " gave up: " + line + tail());
        }
      }
      long left = giveUp - System.nanoTime();
      if (ended || left <= 0) {
        throw new IOException(
            "%s %s without a line like '%s'%s"
                .formatted(
                    name,
                    ended ? "ended" : "ran for " + deadline.toSeconds() + " s",
                    expression,
                    tail()));
      }
      wait(Math.max(1, left / 1_000_000));
    }
  }

  /** All lines so far in which the expression is found. */
  synchronized List<String> find(String expression) {
    Pattern pattern = Pattern.compile(expression);
    return lines.stream().filter(line -> pattern.matcher(line).find()).toList();
  }

  private String tail() {
    List<String> last = lines.subList(Math.max(0, lines.size() - TAIL), lines.size());
    return "; its log " + file + " ends with:\n  " + String.join("\n  ", last);
  }
}
