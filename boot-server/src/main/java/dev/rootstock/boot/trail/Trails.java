// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.trail.Trail.Mark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last start of every client. It is for people to look at: nothing is decided by it, so it is
 * written some seconds late, whole, and without waiting for the disk; what a power loss takes of it
 * is missed by nobody's disk.
 */
public final class Trails implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trails.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FILE = "boots.json";
  private static final int FORMAT = 1;
  private static final int WRITE_SECONDS = 5;
  private static final int CLOSE_SECONDS = 10;

  /** Clients that there may be, and bytes of the file that are read. */
  private static final int MOST = 100_000;

  private static final long LARGEST = 256L << 20;
  private static final int LONGEST_DETAIL = 200;

  private final Path file;
  private final Clock clock;
  private final Map<String, Trail> trails = new TreeMap<>();
  private final ScheduledExecutorService writer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("boot-trails").daemon().factory());
  private boolean dirty;
  private boolean scheduled;

  private Trails(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /** Reads what is kept in a data directory; a file that cannot be read is begun anew. */
  public static Trails open(Path data) {
    return open(data, Clock.systemUTC());
  }

  static Trails open(Path data, Clock clock) {
    Trails trails = new Trails(data.resolve(FILE), clock);
    trails.load();
    return trails;
  }

  /** A client has taken a step. From any thread; does not wait. */
  public synchronized void took(String client, Step step, String detail) {
    Instant now = clock.instant();
    String shown = detail.replaceAll("[^ -~]", "?");
    Mark mark = new Mark(now, shown.substring(0, Math.min(shown.length(), LONGEST_DETAIL)));
    Trail known = trails.get(client);
    if (known == null && trails.size() >= MOST) {
      return;
    }
    Trail next =
        known == null || !known.continuesWith(step, now)
            ? Trail.begun(step, mark)
            : known.with(step, mark);
    if (!next.equals(known)) {
      trails.put(client, next);
      dirty = true;
      schedule();
    }
  }

  /** The last start of a client. */
  public synchronized Optional<Trail> of(String client) {
    return Optional.ofNullable(trails.get(client));
  }

  private void schedule() {
    if (!scheduled && !writer.isShutdown()) {
      scheduled = true;
      var _ = writer.schedule(this::write, WRITE_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void write() {
    Map<String, Trail> now;
    synchronized (this) {
      scheduled = false;
      if (!dirty) {
        return;
      }
      dirty = false;
      now = new TreeMap<>(trails);
    }
    try {
      Path partial = file.resolveSibling(FILE + ".new");
      Files.write(partial, bytes(now));
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      log.warn(
          "{} cannot be written, so 'status' forgets at the next start: {}", file, e.toString());
    }
  }

  private static byte[] bytes(Map<String, Trail> trails) {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
    ObjectNode all = root.putObject("boots");
    trails.forEach(
        (client, trail) -> {
          ArrayNode marks = all.putArray(client);
          trail
              .marks()
              .forEach(
                  (step, mark) ->
                      marks
                          .addObject()
                          .put("step", step.text())
                          .put("at", mark.at().toString())
                          .put("detail", mark.detail()));
        });
    try {
      return JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values has no JSON form", e);
    }
  }

  private void load() {
    try {
      if (!Files.exists(file)) {
        return;
      }
      if (Files.size(file) > LARGEST) {
        throw new IOException("it is too long");
      }
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      if (root.path("format").asInt() != FORMAT) {
        throw new IOException("it has another format");
      }
      Iterator<Map.Entry<String, JsonNode>> all = root.path("boots").properties().iterator();
      while (all.hasNext() && trails.size() < MOST) {
        Map.Entry<String, JsonNode> each = all.next();
        EnumMap<Step, Mark> marks = new EnumMap<>(Step.class);
        for (JsonNode mark : each.getValue()) {
          marks.put(
              Step.parse(mark.path("step").asText()),
              new Mark(Instant.parse(mark.path("at").asText()), mark.path("detail").asText()));
        }
        if (!marks.isEmpty()) {
          trails.put(each.getKey(), new Trail(marks));
        }
      }
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      trails.clear();
      log.warn(
          "{} cannot be read, 'status' begins anew: {}",
          file,
          String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  /** Writes what is not written yet. */
  @Override
  public void close() {
    writer.shutdownNow();
    try {
      if (!writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    write();
  }
}
