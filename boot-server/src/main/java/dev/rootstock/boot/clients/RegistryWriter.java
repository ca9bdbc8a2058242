// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.RegistryCodec.Change;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry's one thread: takes changes in the order in which they come, checks each against
 * what is durable, writes, shows, and answers.
 *
 * <p>Changes of clients that wait at the same time share one write; two that touch the same client,
 * or the same key of two clients, never do. A change of a group touches many clients, and has a
 * write of its own.
 */
final class RegistryWriter {
  private static final Logger log = LoggerFactory.getLogger(RegistryWriter.class);
  private static final Executor ANSWERS = Thread::startVirtualThread;

  /** How long who waits for room may not notice that the registry closes. */
  private static final long CLOSING_LOOK_MILLIS = 100;

  private final RegistryIndex index;
  private final RegistryLog file;
  private final UUID installation;
  private final long slackBytes;
  private final BlockingQueue<Request<?>> queue = new ArrayBlockingQueue<>(Limits.REGISTRY_QUEUE);
  private final Thread thread;
  private volatile boolean closing;
  private long compactAbove;

  /** Waits in the queue like a request, so that a closing registry's thread looks up. */
  private final Request<?> wakeUp = new OfClient(new ClientName("0"), now -> now);

  /** A change that waits. No two are equal, so these are no records. */
  private abstract static sealed class Request<T> {
    final CompletableFuture<T> answer = new CompletableFuture<>();

    void fail(Throwable cause) {
      ANSWERS.execute(() -> answer.completeExceptionally(cause));
    }
  }

  /** Given the client as it is, or null, the change says how it shall be, or null. */
  private static final class OfClient extends Request<Registration> {
    final ClientName name;
    final UnaryOperator<@Nullable Registration> change;

    OfClient(ClientName name, UnaryOperator<@Nullable Registration> change) {
      this.name = name;
      this.change = change;
    }
  }

  /** The same for a group. */
  private static final class OfGroup extends Request<Group> {
    final GroupName name;
    final UnaryOperator<@Nullable Group> change;

    OfGroup(GroupName name, UnaryOperator<@Nullable Group> change) {
      this.name = name;
      this.change = change;
    }
  }

  /** A request that has been checked against what is durable. */
  private record Checked(
      OfClient request, @Nullable Registration before, @Nullable Registration after) {
    /** The client that the caller is told of. */
    Registration result() {
      return after != null ? after : Objects.requireNonNull(before);
    }

    Change change() {
      return after == null ? new Change.Remove(request.name) : new Change.Put(after);
    }
  }

  RegistryWriter(RegistryIndex index, RegistryLog file, UUID installation, long slackBytes) {
    this.index = index;
    this.file = file;
    this.installation = installation;
    this.slackBytes = slackBytes;
    compactAbove = 2 * file.length() + slackBytes;
    thread = Thread.ofPlatform().name("registry").daemon().unstarted(this::write);
  }

  void start() {
    thread.start();
  }

  CompletionStage<Registration> submit(
      ClientName name, UnaryOperator<@Nullable Registration> change) {
    return submit(new OfClient(name, change));
  }

  CompletionStage<Group> submit(GroupName name, UnaryOperator<@Nullable Group> change) {
    return submit(new OfGroup(name, change));
  }

  /** The same for a caller that had better wait than be told that the queue is full; blocks. */
  CompletionStage<Registration> submitWaiting(
      ClientName name, UnaryOperator<@Nullable Registration> change) {
    OfClient request = new OfClient(name, change);
    boolean interrupted = false;
    boolean offered = false;
    while (!offered && !closing) {
      try {
        offered = queue.offer(request, CLOSING_LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!offered || (closing && queue.remove(request))) {
      request.answer.completeExceptionally(new RegistryException("the registry is closed"));
    }
    return request.answer;
  }

  private <T> CompletionStage<T> submit(Request<T> request) {
    if (closing || !queue.offer(request)) {
      request.answer.completeExceptionally(
          new RegistryException(
              closing ? "the registry is closed" : "too many changes wait for the registry"));
    } else if (closing && queue.remove(request)) {
      request.answer.completeExceptionally(new RegistryException("the registry is closed"));
    }
    return request.answer;
  }

  /** Completes what waits, and ends the thread. */
  void close() {
    closing = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        // Where the queue is full the writer is awake.
        boolean offered = queue.offer(wakeUp);
        thread.join(offered ? 0 : 1);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread ----

  private void write() {
    @Nullable Request<?> carried = null;
    while (true) {
      Request<?> first = carried != null ? carried : next();
      if (first == null) {
        return;
      }
      List<Checked> batch = new ArrayList<>();
      carried = null;
      try {
        if (first instanceof OfGroup group) {
          commit(group);
        } else {
          carried = gather(first, batch);
          commit(batch);
        }
        if (file.length() > compactAbove) {
          compact();
        }
      } catch (Throwable e) {
        // Whether file and memory still agree nobody knows; those who wait must hear of it.
        log.error("the registry failed: nothing more is written until a restart", e);
        file.fail();
        first.fail(e);
        batch.forEach(checked -> checked.request().fail(e));
      }
    }
  }

  /** The next request; null when the registry closes and none waits. */
  private @Nullable Request<?> next() {
    while (true) {
      Request<?> waiting = queue.poll();
      if (waiting == null) {
        if (closing) {
          return null;
        }
        waiting = take();
      }
      if (waiting != wakeUp) {
        return waiting;
      }
    }
  }

  /** Nobody interrupts this thread: an interrupt would close the file under a write. */
  private Request<?> take() {
    while (true) {
      try {
        return queue.take();
      } catch (InterruptedException e) {
        log.warn("the registry's thread was interrupted; it goes on");
      }
    }
  }

  /** Checks requests into a batch; returns the first that may not be in it, if there is one. */
  private @Nullable Request<?> gather(Request<?> first, List<Checked> batch) {
    Set<Object> touched = new HashSet<>();
    int growth = 0;
    for (Request<?> each = first; each != null; each = queue.poll()) {
      if (each == wakeUp) {
        continue;
      }
      if (!(each instanceof OfClient request) || touched.contains(request.name)) {
        return each;
      }
      Checked checked;
      try {
        checked = check(request, growth);
      } catch (RuntimeException | StackOverflowError e) {
        // A refusal may rest on what this batch only begins to change, but never on more than
        // what is durable: whoever asked first wins.
        request.fail(e);
        continue;
      }
      Set<Object> keys = new HashSet<>(RegistryIndex.keys(checked.before()));
      keys.addAll(RegistryIndex.keys(checked.after()));
      if (keys.stream().anyMatch(touched::contains)) {
        return request;
      }
      touched.add(request.name);
      touched.addAll(keys);
      growth += (checked.after() == null ? 0 : 1) - (checked.before() == null ? 0 : 1);
      batch.add(checked);
      if (batch.size() == Limits.REGISTRY_BATCH) {
        return null;
      }
    }
    return null;
  }

  private Checked check(OfClient request, int growth) {
    Registration before = index.find(request.name).orElse(null);
    Registration after = request.change.apply(before);
    if (after != null) {
      if (!after.client().name().equals(request.name)) {
        throw new IllegalArgumentException("a change may not rename " + request.name);
      }
      after = index.checked(before, after, growth);
    }
    return new Checked(request, before, after);
  }

  private void commit(List<Checked> batch) {
    if (batch.isEmpty()) {
      return;
    }
    try {
      file.append(RegistryCodec.changes(batch.stream().map(Checked::change).toList()));
    } catch (IOException | RuntimeException e) {
      batch.forEach(checked -> checked.request().fail(e));
      return;
    }
    for (Checked checked : batch) {
      index.show(checked.request().name, checked.before(), checked.after());
      checked.request().answer.completeAsync(checked::result, ANSWERS);
    }
  }

  private void commit(OfGroup request) {
    Group before = index.group(request.name).orElse(null);
    Group after;
    List<Registration> members;
    try {
      after = request.change.apply(before);
      members = index.regrouped(request.name, after);
      Change change =
          after == null ? new Change.RemoveGroup(request.name) : new Change.PutGroup(after);
      file.append(RegistryCodec.changes(List.of(change)));
    } catch (IOException | RuntimeException e) {
      request.fail(e);
      return;
    }
    index.show(request.name, after, members);
    request.answer.completeAsync(
        () -> after != null ? after : Objects.requireNonNull(before), ANSWERS);
  }

  /** Groups come first: clients name theirs. */
  private void compact() {
    long before = file.length();
    List<byte[]> records = new ArrayList<>();
    records.add(RegistryCodec.header(installation));
    List<Change> all = new ArrayList<>();
    index.groups().forEach(group -> all.add(new Change.PutGroup(group)));
    index.all().forEach(client -> all.add(new Change.Put(client)));
    for (int from = 0; from < all.size(); from += Limits.REGISTRY_BATCH) {
      int to = Math.min(all.size(), from + Limits.REGISTRY_BATCH);
      records.add(RegistryCodec.changes(all.subList(from, to)));
    }
    try {
      file.replace(records);
      log.debug("registry compacted from {} to {} bytes", before, file.length());
    } catch (IOException e) {
      log.warn("the registry could not be compacted, and grows on: {}", e.toString());
    }
    compactAbove = 2 * file.length() + slackBytes;
  }
}
