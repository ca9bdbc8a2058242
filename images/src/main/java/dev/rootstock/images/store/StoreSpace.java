// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.block.Usage;
import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.file.NoSpaceException;
import dev.rootstock.images.file.QuotaException;
import dev.rootstock.images.file.Space;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who takes how many bytes of the store: versions, and each client with its overlay, its journal,
 * its snapshots and its data disks. A share is what one file takes; its bytes count for its client
 * and for the store at once, so two that race for the last bytes never both get them.
 *
 * <p>Everything is counted once, by the blocks of the files, and kept up from then on: no question
 * ever goes through the folders. A client's overlay is counted before anybody uses it. Those that
 * nobody has used yet are gone through behind the opening of the store, for thousands of them take
 * a while, but within it where the store has a limit: that one holds from the first write on.
 */
final class StoreSpace {
  private static final Logger LOG = LoggerFactory.getLogger(StoreSpace.class);

  /** What to say when it is full, with its limit and what is taken. */
  private static final String STORE =
      "the store's limit is %d bytes, and %d are taken: remove what is not needed, or raise"
          + " 'store.limit'";

  private final LongSupplier limit;
  private final String full;
  private final AtomicLong used = new AtomicLong();
  private final ConcurrentHashMap<String, Account> accounts = new ConcurrentHashMap<>();
  private volatile ToLongFunction<String> limits = client -> Long.MAX_VALUE;
  private volatile Consumer<Account> counter = account -> {};

  /** Open when every client that was there is counted. */
  private volatile CountDownLatch counted = new CountDownLatch(0);

  private volatile boolean closed;

  /** A store that may take so much; asked each time. */
  StoreSpace(LongSupplier limit) {
    this(limit, STORE);
  }

  private StoreSpace(LongSupplier limit, String full) {
    this.limit = limit;
    this.full = full;
  }

  /** All disks in memory, which may take so much together. */
  static StoreSpace inMemory(LongSupplier limit) {
    return new StoreSpace(
        limit,
        "all disks in memory may take %d bytes together, and take %d: end some, or raise"
            + " 'memory.disks'");
  }

  /**
   * Bytes that a file takes, 0 where there is none. One that cannot be read counts with its length:
   * it is the trouble of whoever uses it, and keeps nobody else's disk from being opened.
   */
  static long allocated(Path file, HostFiles.Opener opener) {
    try (HostFile open = opener.open(file, HostFiles.Mode.READ)) {
      return open.allocated();
    } catch (NoSuchFileException none) {
      return 0;
    } catch (IOException unreadable) {
      LOG.error("{} cannot be read, and counts with its length: {}", file, unreadable.toString());
      try {
        return Files.size(file);
      } catch (IOException unknown) {
        return 0;
      }
    }
  }

  /** What each client may take, where its lease does not say. */
  void limits(ToLongFunction<String> ofClient) {
    limits = ofClient;
  }

  /**
   * Counts what clients have, soon or at once.
   *
   * @param clients those there are
   * @param sizes sets what the overlay of an account takes, and its journal
   */
  void countAll(List<String> clients, Consumer<Account> sizes) {
    counter = sizes;
    if (limit.getAsLong() != Long.MAX_VALUE) {
      clients.forEach(this::account);
      return;
    }
    counted = new CountDownLatch(1);
    Thread.ofPlatform()
        .daemon()
        .name("store-count")
        .start(
            () -> {
              try {
                clients.stream().takeWhile(client -> !closed).forEach(this::account);
              } finally {
                counted.countDown();
              }
            });
  }

  /** Nothing is counted any more; waits for what just is. */
  void close() {
    closed = true;
    awaitCounted();
  }

  private void awaitCounted() {
    boolean interrupted = false;
    while (true) {
      try {
        counted.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // it takes a second at the most
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What all takes; waits until all is counted. */
  Usage usage() {
    awaitCounted();
    return new Usage(used.get(), limit.getAsLong());
  }

  /** Room for what belongs to no client. */
  Share share() {
    return new Share(null);
  }

  /** A client's, its overlay counted. */
  Account account(String client) {
    Account account = accounts.computeIfAbsent(client, Account::new);
    account.countOnce();
    return account;
  }

  /** What a client takes; 0 for one that has nothing. Waits until all is counted. */
  long usedBy(String client) {
    awaitCounted();
    Account account = accounts.get(client);
    return account == null ? 0 : account.used.get();
  }

  /** What a client takes and may take. */
  final class Account {
    private final String client;
    private final AtomicLong used = new AtomicLong();
    private volatile @Nullable LongSupplier limit;

    /** Its overlay. */
    final Share overlay = new Share(this);

    /** The journal beside that. */
    final Share journal = new Share(this);

    /** Its snapshots by their names, and its data disks. */
    private final ConcurrentHashMap<String, Share> kept = new ConcurrentHashMap<>();

    private boolean isCounted;

    Account(String client) {
      this.client = client;
    }

    /** Who comes while it is being counted waits: nobody uses what is counted. */
    private synchronized void countOnce() {
      if (!isCounted) {
        isCounted = true;
        counter.accept(this);
      }
    }

    String client() {
      return client;
    }

    /** Its limit from now on. */
    void limit(LongSupplier bytes) {
      limit = bytes;
    }

    private long limitBytes() {
      LongSupplier own = limit;
      return own == null ? limits.applyAsLong(client) : own.getAsLong();
    }

    /** Room for a file of the client's that may become a snapshot. */
    Share share() {
      return new Share(this);
    }

    /** The file has become this snapshot. */
    void keep(String snapshot, Share share) {
      Share former = kept.put(snapshot, share);
      if (former != null) {
        former.set(0); // of one that could not be deleted; its file has become this one's
      }
    }

    /** Room for a data disk; the same whenever it is asked for. */
    Share disk(OverlayId id) {
      return kept.computeIfAbsent(name(id), known -> share());
    }

    /** Room for the journal beside it. */
    Share diskJournal(OverlayId id) {
      return kept.computeIfAbsent(journalName(id), known -> share());
    }

    /** A data disk is gone. */
    void drop(OverlayId id) {
      drop(name(id));
      drop(journalName(id));
    }

    /** No snapshot has such a name, nor the next one. */
    private static String name(OverlayId id) {
      return "@" + id;
    }

    private static String journalName(OverlayId id) {
      return name(id) + "/journal";
    }

    /** A snapshot is gone. */
    void drop(String snapshot) {
      Share share = kept.remove(snapshot);
      if (share != null) {
        share.set(0);
      }
    }
  }

  /** What one file takes. */
  final class Share implements Space {
    private final @Nullable Account owner;
    private final AtomicLong bytes = new AtomicLong();

    private Share(@Nullable Account owner) {
      this.owner = owner;
    }

    @Override
    public void take(long more) throws NoSpaceException {
      if (limit.getAsLong() != Long.MAX_VALUE) {
        awaitCounted(); // a limit that was not there when the store was opened
      }
      if (owner != null && !add(owner.used, more, owner.limitBytes())) {
        throw new QuotaException(
            "the limit of client %s is %d bytes, and its disks and snapshots take %d"
                .formatted(owner.client, owner.limitBytes(), owner.used.get()));
      }
      if (!add(used, more, limit.getAsLong())) {
        if (owner != null) {
          owner.used.addAndGet(-more);
        }
        throw new QuotaException(full.formatted(limit.getAsLong(), used.get()));
      }
      bytes.addAndGet(more);
    }

    @Override
    public void giveBack(long less) {
      long before = bytes.getAndUpdate(now -> Math.max(0, now - less));
      count(-Math.min(before, less));
    }

    @Override
    public void set(long found) {
      count(found - bytes.getAndSet(found));
    }

    private void count(long change) {
      used.addAndGet(change);
      if (owner != null) {
        owner.used.addAndGet(change);
      }
    }

    long bytes() {
      return bytes.get();
    }

    /** The nearer of the client's limit and the store's counts. */
    @Override
    public Usage usage() {
      long taken = owner == null ? bytes.get() : owner.used.get();
      long own = owner == null ? Long.MAX_VALUE : owner.limitBytes();
      long most = limit.getAsLong();
      long left = most == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, most - used.get());
      return new Usage(taken, left > Long.MAX_VALUE - taken ? own : Math.min(own, taken + left));
    }
  }

  private static boolean add(AtomicLong used, long more, long limit) {
    long now = used.get();
    while (more <= limit - now) {
      if (used.compareAndSet(now, now + more)) {
        return true;
      }
      now = used.get();
    }
    return false;
  }
}
