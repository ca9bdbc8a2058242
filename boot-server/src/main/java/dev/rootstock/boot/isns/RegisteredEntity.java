// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.boot.net.Bounded;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A network entity that an initiator registered, all of it at that initiator's own address. */
final class RegisteredEntity {
  final int index;
  final InetAddress owner;
  private IsnsObject entity;
  private final Map<List<IsnsAttribute>, IsnsObject> portals = new LinkedHashMap<>();
  private final Map<List<IsnsAttribute>, IsnsObject> nodes = new LinkedHashMap<>();

  /** When a message of its owner came last, in seconds of the server's clock. */
  long heard;

  /** Status inquiries without an answer, and when the next one is due. */
  int inquiries;

  long inquireAt;

  /** For each node that wants to know: the targets that it knows of. */
  final Map<String, Set<String>> notified = new LinkedHashMap<>();

  /** The indexes of its portal groups, by their keys. */
  final Map<List<IsnsAttribute>, Integer> groups = new Bounded<>(Limits.GROUPS_OF_ENTITY);

  RegisteredEntity(int index, InetAddress owner, String id, long now) {
    this.index = index;
    this.owner = owner;
    this.heard = now;
    this.entity =
        new IsnsObject(
            ObjectType.ENTITY,
            index,
            List.of(
                IsnsAttribute.of(Tag.ENTITY_ID, id), IsnsAttribute.of(Tag.ENTITY_INDEX, index)));
  }

  /** As it is now, to be changed without harm to this one. */
  RegisteredEntity copy() {
    RegisteredEntity copy = new RegisteredEntity(index, owner, id().text(), heard);
    copy.entity = entity;
    copy.portals.putAll(portals);
    copy.nodes.putAll(nodes);
    copy.inquiries = inquiries;
    copy.inquireAt = inquireAt;
    copy.notified.putAll(notified);
    copy.groups.putAll(groups);
    return copy;
  }

  IsnsAttribute id() {
    return entity.value(Tag.ENTITY_ID);
  }

  IsnsObject entity() {
    return entity;
  }

  List<IsnsObject> portals() {
    return List.copyOf(portals.values());
  }

  List<IsnsObject> nodes() {
    return List.copyOf(nodes.values());
  }

  boolean hasNode(String name) {
    return node(name) != null;
  }

  @Nullable IsnsObject node(String name) {
    return nodes.get(List.of(IsnsAttribute.of(Tag.NODE_NAME, name)));
  }

  /** The object with these keys, if this entity has it. */
  @Nullable IsnsObject find(ObjectType type, List<IsnsAttribute> keys) {
    return switch (type) {
      case ENTITY -> keys.equals(List.of(id())) ? entity : null;
      case PORTAL -> portals.get(keys);
      case NODE -> nodes.get(keys);
      default -> null;
    };
  }

  void put(IsnsObject object) {
    switch (object.type()) {
      case ENTITY -> entity = object;
      case PORTAL -> portals.put(object.keys(), object);
      case NODE -> nodes.put(object.keys(), object);
      default -> throw new IllegalArgumentException("nobody registers a " + object.type());
    }
  }

  void remove(IsnsObject object) {
    portals.remove(object.keys());
    if (nodes.remove(object.keys()) != null) {
      notified.remove(object.value(Tag.NODE_NAME).text());
    }
  }

  /** RFC 4171 §5.6.5.4: an entity without any node and portal is none. */
  boolean isEmpty() {
    return portals.isEmpty() && nodes.isEmpty();
  }

  boolean isTooLarge() {
    return portals.size() > Limits.PORTALS || nodes.size() > Limits.NODES;
  }

  void clear() {
    portals.clear();
    nodes.clear();
    notified.clear();
  }

  /** Seconds that it lasts without a word; 0 where status inquiries are made instead. */
  int period() {
    return number(entity, Tag.REGISTRATION_PERIOD);
  }

  /** Seconds between status inquiries; 0 for none. */
  int inquiryInterval() {
    return portals.values().stream()
        .filter(each -> port(each, Tag.ESI_PORT).isPresent())
        .mapToInt(each -> number(each, Tag.ESI_INTERVAL))
        .filter(each -> each > 0)
        .min()
        .orElse(0);
  }

  /** The portal that is asked for the entity's status. */
  Optional<IsnsObject> inquired() {
    return portals.values().stream()
        .filter(each -> port(each, Tag.ESI_PORT).isPresent())
        .filter(each -> number(each, Tag.ESI_INTERVAL) > 0)
        .findFirst();
  }

  Optional<IsnsPort> notificationPort() {
    return portals.values().stream().flatMap(each -> port(each, Tag.SCN_PORT).stream()).findFirst();
  }

  static Optional<IsnsPort> port(IsnsObject portal, Tag tag) {
    return IsnsPort.of(number(portal, tag));
  }

  static int number(IsnsObject object, Tag tag) {
    List<IsnsAttribute> values = object.values(tag.number());
    return values.isEmpty() ? 0 : values.getFirst().number();
  }

  /** All its objects but the portal groups. */
  Stream<IsnsObject> objects() {
    List<IsnsAttribute> timed = new ArrayList<>(entity.attributes());
    timed.add(IsnsAttribute.of(Tag.TIMESTAMP, heard)); // RFC 4171 §6.2.4
    List<IsnsObject> all =
        new ArrayList<>(List.of(new IsnsObject(ObjectType.ENTITY, index, timed)));
    all.addAll(portals.values());
    all.addAll(nodes.values());
    return all.stream();
  }
}
