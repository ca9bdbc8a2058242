// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static java.util.Comparator.comparing;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.RegistryCodec.Change;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable memory of the installation: its UUID, its clients, and what the service must know of
 * each after a restart.
 *
 * <p>Look-ups answer at once from memory and show durable facts only. A change is checked, written
 * with one fdatasync, then shown and acknowledged, in that order. Changes that wait at the same
 * time share one write; two that touch the same client, or the same key of two clients, never do,
 * so each is checked against what is durable. One thread of the registry does all this; the futures
 * complete on threads of their own, where callers may wait and may change the registry again.
 *
 * <p>The process must hold the lock of the data directory: this class takes none of its own.
 */
public final class Registry implements AutoCloseable, Recognition.Keys {
  /** The name of the file in the data directory. */
  public static final String FILE = "registry.log";

  private static final Logger log = LoggerFactory.getLogger(Registry.class);
  private static final String CIRCUIT = "circuit";
  private static final String SEEN_CARD = "network card seen as";
  private static final String CHAP_NAME = "CHAP name";
  private static final String CHAP_SECRET = "this CHAP secret";
  private static final Executor ANSWERS = Thread::startVirtualThread;

  private final UUID installation;
  private final RegistryLog file;
  private final Map<ClientName, Registration> clients = new ConcurrentHashMap<>();
  private final Map<Key, ClientName> owners = new ConcurrentHashMap<>();
  private final Set<ClientName> open = new ConcurrentSkipListSet<>(comparing(ClientName::value));
  private final BlockingQueue<Request> queue = new ArrayBlockingQueue<>(Limits.REGISTRY_QUEUE);
  private final Thread writer;

  /** Waits in the queue like a request, so that a closing registry's thread looks up. */
  private final Request wakeUp = new Request(new ClientName("0"), now -> now);

  private final long slackBytes;
  private volatile boolean closing;
  private long compactAbove;

  /** What no two clients may share. */
  private record Key(String kind, Object value) {}

  /**
   * A change that waits: given the client as it is, or null, it says how it shall be, or null. No
   * two are equal, so this is no record.
   */
  private static final class Request {
    private final ClientName name;
    private final UnaryOperator<@Nullable Registration> change;
    private final CompletableFuture<Registration> answer = new CompletableFuture<>();

    Request(ClientName name, UnaryOperator<@Nullable Registration> change) {
      this.name = name;
      this.change = change;
    }
  }

  /** A request that has been checked against what is durable. */
  private record Checked(
      Request request, @Nullable Registration before, @Nullable Registration after) {
    /** The client that the caller is told of. */
    Registration result() {
      return after != null ? after : Objects.requireNonNull(before);
    }
  }

  private Registry(Path path, long slackBytes) throws IOException {
    if (!Files.exists(path)) {
      RegistryLog.create(path, RegistryCodec.header(UUID.randomUUID()));
    }
    AtomicReference<@Nullable UUID> uuid = new AtomicReference<>();
    file = RegistryLog.open(path, content -> replay(content, uuid, path));
    UUID read = uuid.get();
    if (read == null) {
      file.close();
      throw new RegistryException(path + " is empty: restore the file from a backup");
    }
    installation = read;
    this.slackBytes = slackBytes;
    compactAbove = 2 * file.length() + slackBytes;
    writer = Thread.ofPlatform().name("registry").daemon().unstarted(this::write);
  }

  /**
   * Opens the registry of a data directory, making a new one, with a new installation UUID, where
   * there is none.
   *
   * @throws RegistryException naming file and offset where it is damaged, or the format where a
   *     newer Rootstock wrote it
   */
  public static Registry open(Path dataDirectory) throws IOException {
    return open(dataDirectory, Limits.REGISTRY_SLACK_BYTES);
  }

  static Registry open(Path dataDirectory, long slackBytes) throws IOException {
    Registry registry = new Registry(dataDirectory.resolve(FILE), slackBytes);
    registry.writer.start();
    return registry;
  }

  /** The UUID of this installation, made once. */
  public UUID installation() {
    return installation;
  }

  public Optional<Registration> find(ClientName name) {
    return Optional.ofNullable(clients.get(name));
  }

  /** The client that has this network card as a key. */
  @Override
  public Optional<Registration> byMac(MacAddress mac) {
    return owner(new Key("MAC address", mac));
  }

  /** The client that has this SMBIOS UUID, its first fields in either order. */
  @Override
  public Optional<Registration> byUuid(UUID uuid) {
    return owner(new Key("UUID", MachineUuid.either(uuid)));
  }

  /** The client whose disk this initiator may use by its {@code --initiator} key. */
  @Override
  public Optional<Registration> byInitiator(InitiatorName initiator) {
    return owner(new Key("initiator name", initiator));
  }

  @Override
  public Optional<Registration> byCircuit(RelayCircuit circuit) {
    return owner(new Key(CIRCUIT, circuit));
  }

  @Override
  public Optional<Registration> bySeenCard(MacAddress mac) {
    return owner(new Key(SEEN_CARD, mac));
  }

  /** The client whose address this is, by configuration or by lease. */
  public Optional<Registration> byAddress(Inet4Address address) {
    return owner(new Key("address", address));
  }

  /** The client that proves itself under this name of CHAP. */
  public Optional<Registration> byChapName(String user) {
    return owner(new Key(CHAP_NAME, user));
  }

  /** The client that has this secret, for itself or for the target's proof. */
  public Optional<Registration> bySecret(Secret secret) {
    return owner(new Key(CHAP_SECRET, secret));
  }

  /** All clients, by name. */
  public List<Registration> all() {
    List<Registration> all = new ArrayList<>(clients.values());
    all.sort(Comparator.comparing(registration -> registration.client().name()));
    return all;
  }

  /** The first open clients ({@link Client#open}) by name, no more than asked for. */
  public List<Registration> open(int most) {
    return open.stream()
        .limit(most)
        .flatMap(name -> find(name).stream())
        .filter(registration -> registration.client().open())
        .toList();
  }

  /** The number of clients. */
  public int size() {
    return clients.size();
  }

  /**
   * Adds a client.
   *
   * @return the durable client; fails with {@link InvalidClientException} when the name or a key is
   *     another's, and with {@link RegistryException} when it cannot be written
   */
  public CompletionStage<Registration> add(Client client) {
    return submit(
        client.name(),
        now -> {
          if (now != null) {
            throw new InvalidClientException(
                "client '%s' is there already: remove it first, or choose another name"
                    .formatted(client.name()));
          }
          return new Registration(client);
        });
  }

  /**
   * Changes a client. The change runs on the registry's thread: it must be quick, and may throw
   * {@link InvalidClientException} to refuse. It must not change the name.
   *
   * @return the durable new state; fails as {@link #add}
   */
  public CompletionStage<Registration> update(ClientName name, UnaryOperator<Registration> change) {
    return submit(name, now -> change.apply(known(name, now)));
  }

  /** Removes a client; completes with what was known of it. Fails as {@link #add}. */
  public CompletionStage<Registration> remove(ClientName name) {
    return submit(
        name,
        now -> {
          known(name, now);
          return null;
        });
  }

  /** The refusal of a name that nobody has. */
  public static InvalidClientException unknown(ClientName name) {
    return new InvalidClientException(
        "no client is called '%s': 'rootstock client list' shows those there are".formatted(name));
  }

  /** Completes what waits, then closes the file. */
  @Override
  public void close() throws IOException {
    closing = true;
    boolean interrupted = false;
    while (writer.isAlive()) {
      try {
        // Where the queue is full the writer is awake.
        boolean offered = queue.offer(wakeUp);
        writer.join(offered ? 0 : 1);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    file.close();
  }

  private static Registration known(ClientName name, @Nullable Registration now) {
    if (now == null) {
      throw unknown(name);
    }
    return now;
  }

  private Optional<Registration> owner(Key key) {
    ClientName name = owners.get(key);
    return name == null ? Optional.empty() : find(name);
  }

  private CompletionStage<Registration> submit(
      ClientName name, UnaryOperator<@Nullable Registration> change) {
    Request request = new Request(name, change);
    CompletableFuture<Registration> answer = request.answer;
    if (closing || !queue.offer(request)) {
      answer.completeExceptionally(
          new RegistryException(
              closing ? "the registry is closed" : "too many changes wait for the registry"));
    } else if (closing && queue.remove(request)) {
      answer.completeExceptionally(new RegistryException("the registry is closed"));
    }
    return answer;
  }

  // ---- the writer's thread ----

  private void write() {
    @Nullable Request carried = null;
    while (true) {
      Request first = carried != null ? carried : next();
      if (first == null) {
        return;
      }
      List<Checked> batch = new ArrayList<>();
      carried = null;
      try {
        carried = gather(first, batch);
        commit(batch);
      } catch (Throwable e) {
        // Whether file and memory still agree nobody knows; those who wait must hear of it.
        log.error("the registry failed: nothing more is written until a restart", e);
        file.fail();
        fail(first, e);
        batch.forEach(checked -> fail(checked.request(), e));
      }
    }
  }

  /** The next request; null when the registry closes and none waits. */
  private @Nullable Request next() {
    while (true) {
      Request waiting = queue.poll();
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
  private Request take() {
    while (true) {
      try {
        return queue.take();
      } catch (InterruptedException e) {
        log.warn("the registry's thread was interrupted; it goes on");
      }
    }
  }

  /** Checks requests into a batch; returns the first that may not be in it, if there is one. */
  private @Nullable Request gather(Request first, List<Checked> batch) {
    Set<Object> touched = new HashSet<>();
    int growth = 0;
    for (Request request = first; request != null; request = queue.poll()) {
      if (request == wakeUp) {
        continue;
      }
      if (touched.contains(request.name)) {
        return request;
      }
      Checked checked;
      try {
        checked = check(request, growth);
      } catch (RuntimeException | StackOverflowError e) {
        // A refusal may rest on what this batch only begins to change, but never on more than
        // what is durable: whoever asked first wins.
        fail(request, e);
        continue;
      }
      Set<Object> keys = new HashSet<>(keys(checked.before()));
      keys.addAll(keys(checked.after()));
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

  private Checked check(Request request, int growth) {
    Registration before = clients.get(request.name);
    Registration after = request.change.apply(before);
    if (after != null) {
      if (!after.client().name().equals(request.name)) {
        throw new IllegalArgumentException("a change may not rename " + request.name);
      }
      if (before == null && clients.size() + growth >= Limits.CLIENTS) {
        throw new InvalidClientException(
            "there are %d clients, and no more are allowed".formatted(Limits.CLIENTS));
      }
      for (Key key : keys(after)) {
        ClientName other = owners.get(key);
        if (other != null && !other.equals(request.name)) {
          throw new InvalidClientException(
              "%s %s belongs to client '%s' already"
                  .formatted(key.kind(), shown(key.value()), other));
        }
      }
    }
    return new Checked(request, before, after);
  }

  private void commit(List<Checked> batch) {
    if (batch.isEmpty()) {
      return;
    }
    try {
      file.append(RegistryCodec.changes(batch.stream().map(Registry::change).toList()));
    } catch (IOException | RuntimeException e) {
      batch.forEach(checked -> fail(checked.request(), e));
      return;
    }
    for (Checked checked : batch) {
      show(checked.request().name, checked.before(), checked.after());
      checked.request().answer.completeAsync(checked::result, ANSWERS);
    }
    if (file.length() > compactAbove) {
      compact();
    }
  }

  private void compact() {
    long before = file.length();
    List<byte[]> records = new ArrayList<>();
    records.add(RegistryCodec.header(installation));
    List<Registration> all = all();
    for (int from = 0; from < all.size(); from += Limits.REGISTRY_BATCH) {
      int to = Math.min(all.size(), from + Limits.REGISTRY_BATCH);
      records.add(
          RegistryCodec.changes(
              all.subList(from, to).stream().<Change>map(Change.Put::new).toList()));
    }
    try {
      file.replace(records);
      log.debug("registry compacted from {} to {} bytes", before, file.length());
    } catch (IOException e) {
      log.warn("the registry could not be compacted, and grows on: {}", e.toString());
    }
    compactAbove = 2 * file.length() + slackBytes;
  }

  private static Change change(Checked checked) {
    Registration after = checked.after();
    return after == null ? new Change.Remove(checked.request().name) : new Change.Put(after);
  }

  private static void fail(Request request, Throwable cause) {
    ANSWERS.execute(() -> request.answer.completeExceptionally(cause));
  }

  // ---- what memory shows ----

  private void replay(byte[] content, AtomicReference<@Nullable UUID> uuid, Path path)
      throws IOException {
    if (uuid.get() == null) {
      uuid.set(RegistryCodec.readHeader(content, path.toString()));
      return;
    }
    for (Change change : RegistryCodec.readChanges(content)) {
      switch (change) {
        case Change.Put put -> {
          ClientName name = put.registration().client().name();
          show(name, clients.get(name), put.registration());
        }
        case Change.Remove remove -> show(remove.name(), clients.get(remove.name()), null);
      }
    }
  }

  private void show(ClientName name, @Nullable Registration before, @Nullable Registration after) {
    Collection<Key> now = keys(after);
    if (after == null) {
      clients.remove(name);
    } else {
      clients.put(name, after);
    }
    if (after != null && after.client().open()) {
      open.add(name);
    } else {
      open.remove(name);
    }
    if (after != null) {
      now.forEach(key -> owners.put(key, name));
    }
    for (Key key : keys(before)) {
      if (!now.contains(key)) {
        owners.remove(key, name);
      }
    }
  }

  private static Set<Key> keys(@Nullable Registration registration) {
    Set<Key> keys = new HashSet<>();
    if (registration != null) {
      Client client = registration.client();
      client.macs().forEach(mac -> keys.add(new Key("MAC address", mac)));
      client.initiators().forEach(name -> keys.add(new Key("initiator name", name)));
      if (client.uuid() != null) {
        keys.add(new Key("UUID", MachineUuid.either(client.uuid())));
      }
      if (client.address() != null) {
        keys.add(new Key("address", client.address()));
      }
      if (registration.lease() != null) {
        keys.add(new Key("address", registration.lease()));
      }
      Chap chap = registration.chap();
      if (chap != null) {
        keys.add(new Key(CHAP_NAME, chap.client().user()));
        // RFC 7143 §9.2.1: a secret of one client, or of one direction, is that of no other.
        keys.add(new Key(CHAP_SECRET, chap.client().secret()));
        if (chap.target() != null) {
          keys.add(new Key(CHAP_SECRET, chap.target().secret()));
        }
      }
    }
    return keys;
  }

  private static String shown(Object value) {
    return value instanceof Inet4Address address ? address.getHostAddress() : value.toString();
  }
}
