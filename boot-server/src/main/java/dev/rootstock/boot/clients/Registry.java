// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.RegistryCodec.Change;
import dev.rootstock.boot.clients.RegistryIndex.Kind;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The durable memory of the installation: its UUID, its clients and their groups, and what the
 * service must know of each client after a restart.
 *
 * <p>Look-ups answer at once from memory and show durable facts only. A change is checked, written
 * with one fdatasync, then shown and acknowledged, in that order, by one thread ({@link
 * RegistryWriter}); the futures complete on threads of their own, where callers may wait and may
 * change the registry again.
 *
 * <p>The process must hold the lock of the data directory: this class takes none of its own.
 */
public final class Registry implements AutoCloseable, Recognition.Keys {
  /** The name of the file in the data directory. */
  public static final String FILE = "registry.log";

  private final Path folder;
  private final UUID installation;
  private final RegistryLog file;
  private final RegistryIndex index = new RegistryIndex();
  private final RegistryWriter writer;

  private Registry(Path path, long slackBytes) throws IOException {
    folder = path.toAbsolutePath().resolveSibling("");
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
    writer = new RegistryWriter(index, file, installation, slackBytes);
  }

  /** The data directory. */
  public Path folder() {
    return folder;
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
    return index.find(name);
  }

  /** The client that has this network card as a key. */
  @Override
  public Optional<Registration> byMac(MacAddress mac) {
    return index.owner(Kind.MAC, mac);
  }

  /** The client that has this SMBIOS UUID, its first fields in either order. */
  @Override
  public Optional<Registration> byUuid(UUID uuid) {
    return index.owner(Kind.UUID, MachineUuid.either(uuid));
  }

  /** The client whose disk this initiator may use by its {@code --initiator} key. */
  @Override
  public Optional<Registration> byInitiator(InitiatorName initiator) {
    return index.owner(Kind.INITIATOR, initiator);
  }

  @Override
  public Optional<Registration> byCircuit(RelayCircuit circuit) {
    return index.owner(Kind.CIRCUIT, circuit);
  }

  @Override
  public Optional<Registration> bySeenCard(MacAddress mac) {
    return index.owner(Kind.SEEN_CARD, mac);
  }

  /** The client whose address this is, by configuration or by lease. */
  public Optional<Registration> byAddress(Inet4Address address) {
    return index.owner(Kind.ADDRESS, address);
  }

  /** The client that proves itself under this name of CHAP. */
  public Optional<Registration> byChapName(String user) {
    return index.owner(Kind.CHAP_NAME, user);
  }

  /** The client that has this secret, for itself or for the target's proof. */
  public Optional<Registration> bySecret(Secret secret) {
    return index.owner(Kind.CHAP_SECRET, secret);
  }

  /** All clients, by name. */
  public List<Registration> all() {
    return index.all();
  }

  /** The first open clients ({@link Client#open}) by name, no more than asked for. */
  public List<Registration> open(int most) {
    return index.open(most);
  }

  /** The number of clients. */
  public int size() {
    return index.size();
  }

  /** The number of clients that were unknown machines. */
  public int enrolled() {
    return index.enrolled();
  }

  /** All groups, by name. */
  public List<Group> groups() {
    return index.groups();
  }

  public Optional<Group> group(GroupName name) {
    return index.group(name);
  }

  /** The clients of a group, by name. */
  public List<Registration> members(GroupName name) {
    return index.members(name);
  }

  /**
   * Adds a client.
   *
   * @return the durable client; fails with {@link InvalidClientException} when the name or a key is
   *     another's, and with {@link RegistryException} when it cannot be written
   */
  public CompletionStage<Registration> add(Client client) {
    return add(new Registration(client));
  }

  /** Adds a client that was an unknown machine. Fails as {@link #add(Client)}. */
  public CompletionStage<Registration> enrol(Client client) {
    return add(Registration.enrolled(client));
  }

  private CompletionStage<Registration> add(Registration added) {
    Client client = added.client();
    return writer.submit(
        client.name(),
        now -> {
          if (now != null) {
            throw new InvalidClientException(
                "client '%s' is there already: remove it first, or choose another name"
                    .formatted(client.name()));
          }
          return added;
        });
  }

  /**
   * Changes a client. The change runs on the registry's thread: it must be quick, and may throw
   * {@link InvalidClientException} to refuse. It must not change the name.
   *
   * @return the durable new state; fails as {@link #add}
   */
  public CompletionStage<Registration> update(ClientName name, UnaryOperator<Registration> change) {
    return writer.submit(name, now -> change.apply(known(name, now)));
  }

  /**
   * The same for what must not fail because much else waits; blocks while that is so, never on an
   * event loop.
   */
  public CompletionStage<Registration> updateWaiting(
      ClientName name, UnaryOperator<Registration> change) {
    return writer.submitWaiting(name, now -> change.apply(known(name, now)));
  }

  /** Removes a client; completes with what was known of it. Fails as {@link #add}. */
  public CompletionStage<Registration> remove(ClientName name) {
    return writer.submit(
        name,
        now -> {
          known(name, now);
          return null;
        });
  }

  /** Adds a group. Fails as {@link #add(Client)}. */
  public CompletionStage<Group> add(Group group) {
    return writer.submit(
        group.name(),
        now -> {
          if (now != null) {
            throw new InvalidClientException(
                "group '%s' is there already: change it with 'rootstock group set'"
                    .formatted(group.name()));
          }
          return group;
        });
  }

  /**
   * Changes what holds for the clients of a group that say nothing themselves. It is refused, as a
   * whole, where one of them could not be with it. Runs and fails as {@link #update}.
   */
  public CompletionStage<Group> updateGroup(GroupName name, UnaryOperator<Group> change) {
    return writer.submit(name, now -> change.apply(known(name, now)));
  }

  /** Removes a group without clients; fails, naming some, where it has them. */
  public CompletionStage<Group> remove(GroupName name) {
    return writer.submit(
        name,
        now -> {
          known(name, now);
          return null;
        });
  }

  /** The refusal of a name that no client has. */
  public static InvalidClientException unknown(ClientName name) {
    return new InvalidClientException(
        "no client is called '%s': 'rootstock client list' shows those there are".formatted(name));
  }

  /** The refusal of a name that no group has. */
  public static InvalidClientException unknown(GroupName name) {
    return new InvalidClientException(
        "no group is called '%s': 'rootstock group list' shows those there are".formatted(name));
  }

  /** Completes what waits, then closes the file. */
  @Override
  public void close() throws IOException {
    writer.close();
    file.close();
  }

  private static Registration known(ClientName name, @Nullable Registration now) {
    if (now == null) {
      throw unknown(name);
    }
    return now;
  }

  private static Group known(GroupName name, @Nullable Group now) {
    if (now == null) {
      throw unknown(name);
    }
    return now;
  }

  private void replay(byte[] content, AtomicReference<@Nullable UUID> uuid, Path path)
      throws IOException {
    if (uuid.get() == null) {
      uuid.set(RegistryCodec.readHeader(content, path.toString()));
      return;
    }
    RegistryCodec.readChanges(content, index::group, this::replay);
  }

  private void replay(Change change) {
    switch (change) {
      case Change.Put put -> {
        ClientName name = put.registration().client().name();
        index.show(name, index.find(name).orElse(null), put.registration());
      }
      case Change.Remove remove ->
          index.show(remove.name(), index.find(remove.name()).orElse(null), null);
      case Change.PutGroup put -> {
        GroupName name = put.group().name();
        index.show(name, put.group(), index.regrouped(name, put.group()));
      }
      case Change.RemoveGroup remove ->
          index.show(remove.name(), null, index.regrouped(remove.name(), null));
    }
  }
}
