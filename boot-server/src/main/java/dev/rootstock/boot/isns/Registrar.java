// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.boot.isns.Registration.Described;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Registers and deregisters (RFC 4171 §5.6.5.1, §5.6.5.4). There are no control nodes: an initiator
 * changes what it registered from the same address, and nothing else. A message is obeyed whole or
 * not at all.
 */
final class Registrar {
  private static final int INITIATOR = 2;

  /** What stands for one object by itself in a deregistration. */
  private static final List<Tag> NAMES =
      List.of(Tag.ENTITY_ID, Tag.PORTAL_INDEX, Tag.NODE_NAME, Tag.NODE_INDEX);

  private final IsnsDatabase database;

  Registrar(IsnsDatabase database) {
    this.database = database;
  }

  /** What a registration answers: its key, and after the delimiter what was registered. */
  record Registered(List<IsnsAttribute> key, List<IsnsAttribute> objects) {}

  /**
   * Registers.
   *
   * @param source the initiator's name
   * @param messageKey none for a new entity
   * @param replace whether what the key names goes first
   */
  Registered register(
      String source,
      InetAddress sender,
      List<IsnsAttribute> messageKey,
      List<IsnsAttribute> attributes,
      boolean replace)
      throws IsnsException {
    List<IsnsAttribute> key = normal(messageKey);
    Registration registration = Registration.read(normal(attributes));
    registration.check(sender, database.targets());
    Optional<IsnsAttribute> id = entityId(key, registration);
    Optional<RegisteredEntity> existing = existing(source, sender, key, id);
    boolean sourceIsNew =
        existing.filter(each -> each.hasNode(source)).isEmpty()
            && registration.objects().stream().noneMatch(each -> isNode(each, source));
    if (sourceIsNew) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "an entity without the node that speaks");
    }
    Set<RegisteredEntity> superseded = new HashSet<>();
    for (Described each : registration.objects()) {
      if (each.type() == ObjectType.NODE) {
        superseded(each.keys().getFirst().text(), sender, existing).ifPresent(superseded::add);
      }
    }
    RegisteredEntity draft =
        existing
            .map(RegisteredEntity::copy)
            .orElseGet(() -> database.draft(sender, id.map(IsnsAttribute::text).orElse(null)));
    if (replace && existing.isPresent()) {
      replace(draft, key);
    }
    List<IsnsAttribute> answer = put(draft, registration);
    database.put(draft, superseded);
    boolean assigned = existing.isEmpty() || key.stream().allMatch(IsnsAttribute::isEmpty);
    return new Registered(assigned ? List.of(draft.id()) : messageKey, answer);
  }

  /** RFC 4171 §6.2.1: an entity's name is kept in its normal form. */
  private static List<IsnsAttribute> normal(List<IsnsAttribute> attributes) {
    return attributes.stream()
        .map(
            each ->
                each.is(Tag.ENTITY_ID) && !each.isEmpty()
                    ? IsnsAttribute.of(Tag.ENTITY_ID, each.text().toLowerCase(Locale.ROOT))
                    : each)
        .toList();
  }

  /** The entity's name, by the message key or the entity object; empty where we make one. */
  private static Optional<IsnsAttribute> entityId(
      List<IsnsAttribute> key, Registration registration) throws IsnsException {
    Optional<IsnsAttribute> described =
        registration.objects().stream()
            .filter(each -> each.type() == ObjectType.ENTITY)
            .flatMap(each -> each.keys().stream())
            .findFirst();
    Optional<IsnsAttribute> keyed =
        key.stream().filter(each -> each.is(Tag.ENTITY_ID) && !each.isEmpty()).findFirst();
    if (keyed.isPresent() && described.isPresent() && !keyed.equals(described)) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "two names for one entity");
    }
    return keyed.or(() -> described);
  }

  /** The entity that a registration changes; empty for a new one. */
  private Optional<RegisteredEntity> existing(
      String source, InetAddress sender, List<IsnsAttribute> key, Optional<IsnsAttribute> id)
      throws IsnsException {
    Optional<RegisteredEntity> found;
    if (id.isPresent()) {
      found = database.entityNamed(id.get());
      if (database.isOurEntity(id.get())) {
        throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "our own entity");
      }
      if (found.isEmpty() && id.get().text().startsWith("isns:")) {
        throw wrong(IsnsStatus.INVALID_REGISTRATION, "a name of our making"); // §6.2.1
      }
    } else if (key.isEmpty() || key.stream().allMatch(IsnsAttribute::isEmpty)) {
      found = Optional.empty(); // a new entity, says RFC 4171; what had the node is superseded
    } else {
      found = database.entityOf(source, sender).filter(each -> isIn(each, key));
      if (found.isEmpty()) {
        throw wrong(IsnsStatus.INVALID_REGISTRATION, "the key of nothing that is registered");
      }
    }
    if (found.isPresent() && !found.get().owner.equals(sender)) {
      throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "somebody else's entity");
    }
    return found;
  }

  private static boolean isIn(RegisteredEntity entity, List<IsnsAttribute> key) {
    return entity.find(ObjectType.PORTAL, key) != null || entity.find(ObjectType.NODE, key) != null;
  }

  private static boolean isNode(Described each, String name) {
    return each.type() == ObjectType.NODE && each.keys().getFirst().text().equals(name);
  }

  /** A node's name is unique in the whole database (RFC 4171 §6.4): the entity that gives it up. */
  private Optional<RegisteredEntity> superseded(
      String node, InetAddress sender, Optional<RegisteredEntity> existing) throws IsnsException {
    Optional<RegisteredEntity> other =
        database.entityWithNode(node).filter(each -> !existing.equals(Optional.of(each)));
    if (other.isPresent() && !other.get().owner.equals(sender)) {
      throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "a node of another address");
    }
    return other;
  }

  private static void replace(RegisteredEntity entity, List<IsnsAttribute> key) {
    for (ObjectType type : List.of(ObjectType.PORTAL, ObjectType.NODE)) {
      IsnsObject older = entity.find(type, key);
      if (older != null) {
        entity.remove(older);
        return;
      }
    }
    entity.clear();
  }

  private List<IsnsAttribute> put(RegisteredEntity entity, Registration registration)
      throws IsnsException {
    for (Described each : registration.objects()) {
      if (each.type() != ObjectType.ENTITY) {
        entity.put(updated(entity, each));
      }
    }
    if (entity.isEmpty() || entity.isTooLarge()) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "an entity with no object, or with too many");
    }
    Described described =
        registration.objects().stream()
            .filter(each -> each.type() == ObjectType.ENTITY)
            .findFirst()
            .orElseGet(() -> new Described(ObjectType.ENTITY, List.of(), new LinkedHashMap<>()));
    entity.put(withPeriod(entity, updated(entity, described)));
    entity.heard = database.now();
    List<IsnsAttribute> answer = new ArrayList<>();
    answer.add(entity.id());
    // RFC 4171 §5.7.5.1 and §6.2.6: what was said of it, and for how long it lasts.
    described.others().keySet().stream()
        .filter(tag -> tag != Tag.REGISTRATION_PERIOD.number())
        .forEach(tag -> answer.addAll(entity.entity().values(tag)));
    answer.addAll(entity.entity().values(Tag.REGISTRATION_PERIOD.number()));
    for (Described each : registration.objects()) {
      IsnsObject now =
          each.type() == ObjectType.ENTITY ? null : entity.find(each.type(), each.keys());
      if (now != null) {
        answer.addAll(now.keys());
        each.others().keySet().forEach(tag -> answer.addAll(now.values(tag)));
      }
    }
    entity.inquiries = 0;
    entity.inquireAt = database.now() + entity.inquiryInterval();
    return answer;
  }

  /** The object with what a registration says of it. */
  private IsnsObject updated(RegisteredEntity entity, Described described) throws IsnsException {
    List<IsnsAttribute> keys = described.keys().isEmpty() ? List.of(entity.id()) : described.keys();
    @Nullable IsnsObject older = entity.find(described.type(), keys);
    Map<Integer, IsnsAttribute> attributes = new LinkedHashMap<>();
    if (older != null) {
      older.attributes().forEach(each -> attributes.put(each.tag(), each));
    } else {
      keys.forEach(each -> attributes.put(each.tag(), each));
      Tag index = described.type() == ObjectType.PORTAL ? Tag.PORTAL_INDEX : Tag.NODE_INDEX;
      attributes.put(index.number(), IsnsAttribute.of(index, database.newIndex()));
      if (described.type() == ObjectType.NODE && described.value(Tag.NODE_TYPE).isEmpty()) {
        throw wrong(IsnsStatus.INVALID_REGISTRATION, "a node without its type"); // §6.4.2
      }
    }
    for (IsnsAttribute each : described.others().values()) {
      if (each.isEmpty()) {
        attributes.remove(each.tag());
      } else {
        attributes.put(each.tag(), bounded(each));
      }
    }
    if (described.type() == ObjectType.NODE) {
      attributes.put(Tag.NODE_TYPE.number(), IsnsAttribute.of(Tag.NODE_TYPE, INITIATOR));
    }
    return new IsnsObject(described.type(), entity.index, List.copyOf(attributes.values()));
  }

  /** RFC 4171 §5.7.5.1: some values may be set otherwise than they were asked for. */
  private static IsnsAttribute bounded(IsnsAttribute asked) {
    if (asked.is(Tag.ESI_INTERVAL) && asked.number() != 0) {
      return IsnsAttribute.of(
          Tag.ESI_INTERVAL, clamped(asked.number(), Limits.LEAST_ESI, Limits.MOST_ESI));
    }
    return asked;
  }

  /** RFC 4171 §6.2.6: only an entity that is inquired of lasts without a period. */
  private static IsnsObject withPeriod(RegisteredEntity entity, IsnsObject object) {
    int asked = RegisteredEntity.number(object, Tag.REGISTRATION_PERIOD);
    int period =
        asked == 0
            ? (entity.inquiryInterval() > 0 ? 0 : Limits.PERIOD)
            : clamped(asked, Limits.LEAST_PERIOD, Limits.MOST_PERIOD);
    List<IsnsAttribute> attributes =
        new ArrayList<>(
            object.attributes().stream()
                .filter(each -> !each.is(Tag.REGISTRATION_PERIOD))
                .toList());
    attributes.add(IsnsAttribute.of(Tag.REGISTRATION_PERIOD, period));
    return new IsnsObject(ObjectType.ENTITY, entity.index, attributes);
  }

  /** Unsigned, as numbers are in iSNS. */
  private static int clamped(int value, int least, int most) {
    return Math.clamp(Integer.toUnsignedLong(value), least, most);
  }

  /**
   * Deregisters.
   *
   * @return what was not: somebody else's, or ours
   */
  List<IsnsAttribute> deregister(String source, InetAddress sender, List<IsnsAttribute> operating)
      throws IsnsException {
    List<IsnsAttribute> attributes = normal(operating);
    List<IsnsAttribute> refused = new ArrayList<>();
    RegisteredEntity own =
        database.entityOf(source, sender).map(RegisteredEntity::copy).orElse(null);
    @Nullable KeysOfOthers others = null;
    for (int i = 0; i < attributes.size(); i++) {
      IsnsAttribute each = attributes.get(i);
      List<IsnsAttribute> keys = List.of(each);
      if (each.is(Tag.PORTAL_ADDRESS) && i + 1 < attributes.size()) {
        keys = List.of(each, attributes.get(++i));
      }
      checkKeys(keys);
      if (!isRemoved(own, keys)) {
        others = others == null ? new KeysOfOthers(database.entities(), sender) : others;
        if (isElsewhere(keys, others)) {
          refused.addAll(keys);
        }
      }
    }
    Optional<RegisteredEntity> before = database.entityOf(source, sender);
    if (own != null && before.isPresent()) {
      database.remove(before.get());
      if (!own.isEmpty()) {
        database.put(own, Set.of());
      }
    }
    return refused;
  }

  /** RFC 4171 §5.6.5.4: what one object is known by, and nothing else. */
  private static void checkKeys(List<IsnsAttribute> keys) throws IsnsException {
    IsnsAttribute first = keys.getFirst();
    boolean known =
        keys.size() == 2 ? keys.getLast().is(Tag.PORTAL_PORT) : NAMES.stream().anyMatch(first::is);
    if (!known || keys.stream().anyMatch(IsnsAttribute::isEmpty)) {
      throw wrong(IsnsStatus.INVALID_DEREGISTRATION, "attribute " + first.tag());
    }
  }

  private static boolean isRemoved(@Nullable RegisteredEntity own, List<IsnsAttribute> keys) {
    ObjectType type = ObjectType.of(keys.getFirst().tag()).orElseThrow();
    if (own == null) {
      return false;
    }
    if (type == ObjectType.ENTITY && own.find(type, keys) != null) {
      own.clear();
      return true;
    }
    List<IsnsObject> gone =
        (type == ObjectType.PORTAL ? own.portals() : own.nodes())
            .stream().filter(each -> each.type() == type && each.matches(keys)).toList();
    gone.forEach(own::remove);
    return !gone.isEmpty();
  }

  private boolean isElsewhere(List<IsnsAttribute> keys, KeysOfOthers others) {
    IsnsAttribute key = keys.getFirst();
    return database.isOurs(keys)
        || others.has(keys)
        || (key.is(Tag.ENTITY_ID)
            && (database.isOurEntity(key) || database.entityNamed(key).isPresent()))
        || (key.is(Tag.NODE_NAME)
            && (database.targets().owns(key.text())
                || database.entityWithNode(key.text()).isPresent()));
  }

  private static IsnsException wrong(IsnsStatus status, String problem) {
    return new IsnsException(status, problem);
  }
}
