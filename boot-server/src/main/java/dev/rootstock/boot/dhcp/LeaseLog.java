// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.clients.RegistryException;
import dev.rootstock.boot.clients.RegistryLog;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Strangers' leases, durable: a log that grows at its end, and that is written anew from what holds
 * once it has become much longer than that. All leases that wait become durable by one write.
 *
 * <p>Its records: {@code rootstock-leases 1}, then lines of {@code ADDRESS ENDS HOLDER;…}, of which
 * the latest for an address and the latest for a holder count.
 */
final class LeaseLog implements LeaseWriter, AutoCloseable {
  /** The file in the data directory. */
  static final String FILE = "leases";

  private static final Logger log = LoggerFactory.getLogger(LeaseLog.class);
  private static final String HEADER = "rootstock-leases 1";

  /** A lease that waits, or the wish to stop. */
  private record Write(@Nullable Lease lease, CompletableFuture<Void> durable) {}

  private final RegistryLog file;
  private final LeaseTable table;
  private final long slackBytes;
  private final BlockingQueue<Write> queue = new ArrayBlockingQueue<>(Limits.LEASE_WRITES);
  private final Write wakeUp = new Write(null, new CompletableFuture<>());
  private final Thread writer;
  private long compactAbove;
  private volatile boolean closing;

  private LeaseLog(RegistryLog file, LeaseTable table, long slackBytes) {
    this.file = file;
    this.table = table;
    this.slackBytes = slackBytes;
    this.compactAbove = 2 * file.length() + slackBytes;
    this.writer = Thread.ofPlatform().name("leases").daemon().unstarted(this::write);
  }

  /**
   * Opens the leases of a data directory, which is locked by this process.
   *
   * @param each is given the leases that there are, in the order in which they end
   * @throws RegistryException naming file and offset where it is damaged
   */
  static LeaseLog open(Path data, Consumer<Lease> each) throws IOException {
    return open(data, Limits.LEASE_SLACK_BYTES, each);
  }

  static LeaseLog open(Path data, long slackBytes, Consumer<Lease> each) throws IOException {
    Path path = data.resolve(FILE);
    if (!Files.exists(path)) {
      RegistryLog.create(path, bytes(HEADER));
    }
    // The writer's own; nothing is judged by time there.
    LongSupplier never = () -> 0;
    LeaseTable table = new LeaseTable(never);
    boolean[] headed = {false};
    RegistryLog file;
    try {
      file =
          RegistryLog.open(
              path,
              content -> {
                read(path, new String(content, StandardCharsets.US_ASCII), headed[0], table);
                headed[0] = true;
              });
    } catch (RegistryException e) {
      throw new RegistryException(
          e.getMessage() + "; or move it away, and strangers get other addresses", e);
    }
    table.all().forEach(each);
    LeaseLog opened = new LeaseLog(file, table, slackBytes);
    opened.writer.start();
    return opened;
  }

  private static void read(Path path, String record, boolean headed, LeaseTable into)
      throws IOException {
    if (!headed) {
      if (!record.equals(HEADER)) {
        throw new RegistryException(
            "%s begins with '%s': a newer Rootstock wrote it, use that one"
                .formatted(path, record));
      }
      return;
    }
    for (String line : record.split(";", -1)) {
      String[] parts = line.split(" ", -1);
      if (parts.length != 3) {
        throw new IOException("'" + line + "' is no lease");
      }
      into.put(new Lease(Inet4Address.ofLiteral(parts[0]), parts[2], Long.parseLong(parts[1])));
    }
  }

  @Override
  public CompletionStage<Void> write(Lease lease) {
    Write write = new Write(lease, new CompletableFuture<>());
    if (closing || !queue.offer(write)) {
      write.durable.completeExceptionally(
          new RegistryException(
              closing ? "the leases are closed" : "too many leases wait to be written"));
    } else if (closing && queue.remove(write)) {
      write.durable.completeExceptionally(new RegistryException("the leases are closed"));
    }
    return write.durable;
  }

  // ---- the writer's thread ----

  private void write() {
    List<Write> batch = new ArrayList<>();
    while (true) {
      batch.clear();
      Write first = next();
      if (first == null) {
        return;
      }
      batch.add(first);
      queue.drainTo(batch, Limits.LEASE_BATCH - 1);
      try {
        commit(batch);
      } catch (IOException | RuntimeException e) {
        batch.forEach(each -> each.durable.completeExceptionally(e));
      }
    }
  }

  private void commit(List<Write> batch) throws IOException {
    List<Lease> leases = new ArrayList<>();
    for (Write each : batch) {
      if (each.lease != null) {
        leases.add(each.lease);
      }
    }
    if (leases.isEmpty()) {
      return;
    }
    file.append(bytes(text(leases)));
    leases.forEach(table::put);
    batch.forEach(each -> each.durable.complete(null));
    if (file.length() > compactAbove) {
      compact();
    }
  }

  /** What failed here loses nothing: the long file is as true as the short one. */
  private void compact() {
    List<byte[]> records = new ArrayList<>();
    records.add(bytes(HEADER));
    List<Lease> all = table.all();
    for (int from = 0; from < all.size(); from += Limits.LEASE_BATCH) {
      records.add(bytes(text(all.subList(from, Math.min(all.size(), from + Limits.LEASE_BATCH)))));
    }
    try {
      file.replace(records);
    } catch (IOException e) {
      log.warn(
          "the leases could not be written anew, and go on in the long file: {}", e.getMessage());
    }
    compactAbove = 2 * file.length() + slackBytes;
  }

  private static String text(List<Lease> leases) {
    List<String> lines = new ArrayList<>();
    for (Lease each : leases) {
      lines.add(each.address().getHostAddress() + " " + each.ends() + " " + each.holder());
    }
    return String.join(";", lines);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The next lease that waits; null when the log closes and none does. */
  private @Nullable Write next() {
    while (true) {
      Write waiting = queue.poll();
      if (waiting == null) {
        if (closing) {
          return null;
        }
        try {
          waiting = queue.take();
        } catch (InterruptedException e) {
          log.warn("the leases' thread was interrupted; it goes on");
          continue;
        }
      }
      if (waiting.lease != null) {
        return waiting;
      }
    }
  }

  /** Writes what waits, then closes the file. */
  @Override
  public void close() throws IOException {
    closing = true;
    boolean interrupted = false;
    while (writer.isAlive()) {
      try {
        boolean awake = queue.offer(wakeUp);
        writer.join(awake ? 0 : 1);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    file.close();
  }
}
