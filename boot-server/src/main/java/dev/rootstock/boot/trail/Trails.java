// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import dev.rootstock.boot.trail.Trail.Mark;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The boots of every client, as far as people want to see them. Nothing is decided by them, so they
 * are written some seconds late and without waiting for the disk; what a power loss takes of them
 * is missed by nobody's disk. The last ones are in memory, the others in a file for each client.
 *
 * <p>Methods may be called from any thread and do not wait, but for those that say so.
 */
public final class Trails implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trails.class);
  private static final String FOLDER = "boots";

  private final TrailFiles files;
  private final Path folder;
  private final Clock clock;
  private final boolean complete;
  private final Map<String, ClientTrails> clients = new HashMap<>();
  private final ScheduledThreadPoolExecutor writer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().name("boot-trails").daemon().factory());
  private volatile Function<String, Optional<Count>> counts = client -> Optional.empty();
  private volatile ReadyTokens tokens = ReadyTokens.ofThisStart();
  private boolean scheduled;

  private Trails(Path data, Clock clock, boolean complete) {
    this.folder = data.resolve(FOLDER);
    this.files = new TrailFiles(folder);
    this.clock = clock;
    this.complete = complete;
    writer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Those of a server that starts: reads what a data directory keeps. May wait. */
  public static Trails open(Path data) {
    return open(data, Clock.systemUTC());
  }

  static Trails open(Path data, Clock clock) {
    Trails trails = new Trails(data, clock, true);
    trails.tokens = ReadyTokens.in(trails.folder);
    for (String client : trails.files.clients()) {
      if (trails.clients.size() < Limits.CLIENTS) {
        trails.clients.put(client, new ClientTrails(trails.files.read(client)));
      }
    }
    return trails;
  }

  /** For commands while no server runs, which look at few clients: reads each when it is asked. */
  public static Trails lookAt(Path data) {
    return new Trails(data, Clock.systemUTC(), false);
  }

  /** From now on that one says what a client's boot has moved; it must not wait. */
  public void countBy(Function<String, Optional<Count>> source) {
    counts = source;
    var _ =
        writer.scheduleWithFixedDelay(
            this::countAll, Limits.COUNT_SECONDS, Limits.COUNT_SECONDS, TimeUnit.SECONDS);
  }

  // ---- what happens ----

  /** A client has taken a step before its login. */
  public synchronized void took(String client, Step step, String detail) {
    change(client, known -> known.took(step, mark(detail)));
  }

  /** A step of a boot that has logged in; of an older boot it means nothing. */
  public synchronized void took(String client, long generation, Step step, String detail) {
    change(client, known -> known.took(generation, step, mark(detail)));
  }

  /**
   * A session was granted.
   *
   * @param count what the boot had moved until then
   */
  public synchronized void loggedIn(String client, boolean firmware, Count count, String detail) {
    Step step = firmware ? Step.FIRMWARE_LOGIN : Step.SYSTEM_LOGIN;
    change(client, known -> known.loggedIn(step, count, mark(detail)));
  }

  /** The boot's last session has ended. */
  public synchronized void left(String client, long generation, String why) {
    change(client, known -> known.left(generation, mark(why)));
  }

  /**
   * A machine says that it is ready.
   *
   * @param token as it came from the network
   * @param from who said so
   * @return false where it is the token of no boot that is known or runs
   */
  public synchronized boolean ready(String token, String from) {
    Optional<ReadyTokens.Claim> claim = ReadyTokens.claim(token);
    ClientTrails known = claim.map(made -> clients.get(made.client())).orElse(null);
    if (known == null) {
      return false;
    }
    Mark mark = mark("said so from " + from);
    return change(
        claim.get().client(),
        each -> each.ready(trail -> tokens.proves(claim.get(), trail.began()), mark));
  }

  /** The token of a start whose script is fetched now; empty where none is known. */
  public synchronized Optional<String> firmwareToken(String client) {
    return Optional.ofNullable(clients.get(client))
        .flatMap(ClientTrails::shown)
        .map(trail -> tokens.token(client, trail.began()));
  }

  /** The token of the boot whose operating system asks now; empty where none is known. */
  public synchronized Optional<String> systemToken(String client) {
    return Optional.ofNullable(clients.get(client))
        .flatMap(ClientTrails::running)
        .map(trail -> tokens.token(client, trail.began()));
  }

  // ---- what is shown ----

  /** The last start of a client, with what it has moved until now. May wait without a server. */
  public Optional<Trail> of(String client) {
    count(client);
    synchronized (this) {
      return known(client).flatMap(ClientTrails::shown);
    }
  }

  /** The boots of a client that are kept, the latest first. May wait. */
  public List<Trail> history(String client) {
    count(client);
    List<Trail> latest;
    synchronized (this) {
      latest = known(client).map(ClientTrails::all).orElse(List.of());
    }
    return TrailFiles.merged(files.read(client), latest).reversed();
  }

  /** The client is gone, and its boots with it. May wait. */
  public void forget(String client) {
    synchronized (this) {
      clients.remove(client);
    }
    try {
      // After a writing that is under way, which would bring the file back.
      writer
          .submit(
              () -> {
                files.delete(client);
                return true;
              })
          .get();
    } catch (ExecutionException | CancellationException | RejectedExecutionException e) {
      log.warn("the boots of {} stay in {}: {}", client, folder, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- how it is kept ----

  private Optional<ClientTrails> known(String client) {
    ClientTrails known = clients.get(client);
    if (known == null && !complete) {
      known = new ClientTrails(files.read(client));
    }
    return Optional.ofNullable(known);
  }

  private boolean change(String client, Function<ClientTrails, Boolean> change) {
    ClientTrails known = clients.get(client);
    if (known == null) {
      if (clients.size() >= Limits.CLIENTS) {
        return false;
      }
      known = new ClientTrails(List.of());
      clients.put(client, known);
    }
    boolean changed = change.apply(known);
    if (changed && !scheduled && !writer.isShutdown()) {
      scheduled = true;
      var _ = writer.schedule(this::write, Limits.WRITE_SECONDS, TimeUnit.SECONDS);
    }
    return changed;
  }

  private Mark mark(String detail) {
    String shown = detail.replaceAll("[^ -~]", "?");
    return new Mark(
        clock.instant().truncatedTo(ChronoUnit.MILLIS),
        shown.substring(0, Math.min(shown.length(), Limits.DETAIL)));
  }

  private void countAll() {
    List<String> all;
    synchronized (this) {
      all = List.copyOf(clients.keySet());
    }
    all.forEach(this::count);
  }

  private void count(String client) {
    Optional<Count> count = counts.apply(client);
    if (count.isPresent()) {
      synchronized (this) {
        change(client, known -> known.counted(count.get()));
      }
    }
  }

  private void write() {
    Map<String, List<Trail>> changed = new HashMap<>();
    synchronized (this) {
      scheduled = false;
      clients.forEach((client, known) -> known.unwritten().ifPresent(t -> changed.put(client, t)));
    }
    IOException failure = null;
    for (Map.Entry<String, List<Trail>> each : changed.entrySet()) {
      try {
        files.merge(each.getKey(), each.getValue());
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      log.warn(
          "{} cannot be written, so 'status' forgets at the next start: {}",
          folder,
          failure.toString());
    }
  }

  /** Writes what is not written yet; waits for it. */
  @Override
  public void close() {
    countAll();
    // Not by an interrupt: it would break off a writing, whose boots count as written already.
    writer.shutdown();
    try {
      if (!writer.awaitTermination(Limits.CLOSE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    write();
  }
}
