// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static java.util.Comparator.comparing;

import dev.rootstock.boot.Limits;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What the registry shows: durable facts, in memory, and whose each key is. Any thread may read;
 * one thread changes.
 */
final class RegistryIndex {
  private static final int NAMED_CLIENTS = 5;

  private final Map<ClientName, Registration> clients = new ConcurrentHashMap<>();
  private final Map<GroupName, Group> groups = new ConcurrentSkipListMap<>();
  private final Map<Key, ClientName> owners = new ConcurrentHashMap<>();
  private final AtomicInteger enrolled = new AtomicInteger();
  private final Set<ClientName> open = new ConcurrentSkipListSet<>(comparing(ClientName::value));

  /** The kinds of what no two clients may share, in the words of a refusal. */
  enum Kind {
    MAC("MAC address"),
    UUID("UUID"),
    INITIATOR("initiator name"),
    CIRCUIT("circuit"),
    SEEN_CARD("seen network card"),
    ADDRESS("address"),
    CHAP_NAME("CHAP name"),
    CHAP_SECRET("this CHAP secret");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /** What no two clients may share. */
  record Key(Kind kind, Object value) {
    /** In the words of a refusal; a secret does not show itself. */
    @Override
    public String toString() {
      return kind.text
          + " "
          + (value instanceof Inet4Address address ? address.getHostAddress() : value);
    }
  }

  // ---- any thread ----

  Optional<Registration> find(ClientName name) {
    return Optional.ofNullable(clients.get(name));
  }

  Optional<Registration> owner(Kind kind, Object value) {
    ClientName name = owners.get(new Key(kind, value));
    return name == null ? Optional.empty() : find(name);
  }

  /** All clients, by name. */
  List<Registration> all() {
    List<Registration> all = new ArrayList<>(clients.values());
    all.sort(comparing(registration -> registration.client().name()));
    return all;
  }

  int size() {
    return clients.size();
  }

  int enrolled() {
    return enrolled.get();
  }

  List<Registration> open(int most) {
    return open.stream()
        .limit(most)
        .flatMap(name -> find(name).stream())
        .filter(registration -> registration.client().open())
        .toList();
  }

  /** All groups, by name. */
  List<Group> groups() {
    return List.copyOf(groups.values());
  }

  Optional<Group> group(GroupName name) {
    return Optional.ofNullable(groups.get(name));
  }

  /** The clients of a group, by name. */
  List<Registration> members(GroupName name) {
    return all().stream().filter(each -> name.equals(groupOf(each))).toList();
  }

  private static @Nullable GroupName groupOf(Registration registration) {
    Group group = registration.client().group();
    return group == null ? null : group.name();
  }

  // ---- the one thread that changes ----

  /**
   * Refuses what may not be durable beside the rest.
   *
   * @param growth by how many clients what is not durable yet lets the registry grow
   * @return the client with its group as that is now
   * @throws InvalidClientException that says why not
   */
  Registration checked(@Nullable Registration before, Registration after, int growth) {
    ClientName name = after.client().name();
    if (before == null && clients.size() + growth >= Limits.CLIENTS) {
      throw new InvalidClientException(
          "there are %d clients, and no more are allowed".formatted(Limits.CLIENTS));
    }
    for (Key key : keys(after)) {
      ClientName other = owners.get(key);
      if (other != null && !other.equals(name)) {
        throw new InvalidClientException(
            "%s belongs to client '%s' already: take it from there first".formatted(key, other));
      }
    }
    GroupName group = groupOf(after);
    return group == null
        ? after
        : after.withClient(
            after.client().withGroup(group(group).orElseThrow(() -> Registry.unknown(group))));
  }

  /**
   * A group's clients as a change of it makes them.
   *
   * @param after null where the group goes
   * @throws InvalidClientException where it has clients and goes, or where one of them could not be
   */
  List<Registration> regrouped(GroupName name, @Nullable Group after) {
    List<Registration> members = members(name);
    if (after == null && !members.isEmpty()) {
      List<String> names = members.stream().map(each -> each.client().name().value()).toList();
      throw new InvalidClientException(
          "group '%s' has %d clients (%s%s): give them another one with 'rootstock client set NAME --group'"
              .formatted(
                  name,
                  names.size(),
                  String.join(", ", names.subList(0, Math.min(NAMED_CLIENTS, names.size()))),
                  names.size() > NAMED_CLIENTS ? ", ..." : ""));
    }
    if (after != null && !groups.containsKey(name) && groups.size() >= Limits.GROUPS) {
      throw new InvalidClientException(
          "there are %d groups, and no more are allowed".formatted(Limits.GROUPS));
    }
    return members.stream().map(each -> each.withClient(each.client().withGroup(after))).toList();
  }

  void show(ClientName name, @Nullable Registration before, @Nullable Registration after) {
    Collection<Key> now = keys(after);
    enrolled.addAndGet(count(after) - count(before));
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

  private static int count(@Nullable Registration registration) {
    return registration != null && registration.enrolled() ? 1 : 0;
  }

  /** Shows a group and its clients; a group never changes their keys. */
  void show(GroupName name, @Nullable Group after, List<Registration> members) {
    if (after == null) {
      groups.remove(name);
    } else {
      groups.put(name, after);
    }
    members.forEach(each -> clients.put(each.client().name(), each));
  }

  static Set<Key> keys(@Nullable Registration registration) {
    Set<Key> keys = new HashSet<>();
    if (registration != null) {
      Client client = registration.client();
      client.macs().forEach(mac -> keys.add(new Key(Kind.MAC, mac)));
      client.initiators().forEach(name -> keys.add(new Key(Kind.INITIATOR, name)));
      client.keys().circuits().forEach(circuit -> keys.add(new Key(Kind.CIRCUIT, circuit)));
      registration.seenCards().forEach(card -> keys.add(new Key(Kind.SEEN_CARD, card)));
      if (client.uuid() != null) {
        keys.add(new Key(Kind.UUID, MachineUuid.either(client.uuid())));
      }
      if (client.address() != null) {
        keys.add(new Key(Kind.ADDRESS, client.address()));
      }
      if (registration.lease() != null) {
        keys.add(new Key(Kind.ADDRESS, registration.lease()));
      }
      Chap chap = registration.chap();
      if (chap != null) {
        chap.users().forEach(user -> keys.add(new Key(Kind.CHAP_NAME, user)));
        // RFC 7143 §9.2.1: a secret of one client, or of one direction, is that of no other.
        chap.secrets().forEach(secret -> keys.add(new Key(Kind.CHAP_SECRET, secret)));
      }
    }
    return keys;
  }
}
