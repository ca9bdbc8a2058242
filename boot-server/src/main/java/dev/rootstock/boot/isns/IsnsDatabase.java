// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.boot.isns.IsnsTargets.Target;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.target.Portal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The database (RFC 4171 §3). Our targets are never stored: they are made anew from the registry
 * for each question, as far as the one who asks may log in to them, so that discovery domains
 * always mirror who may see what. Stored is what initiators registered of themselves, bounded,
 * until its time is over. Not for several threads at once.
 */
final class IsnsDatabase {
  private static final int OURS = 1;
  private static final int TARGET = 1;
  private static final int ISCSI = 2;
  private static final int BOOT_LIST = 1;
  private static final int DOMAIN_SET = 1;
  private static final int ENABLED = 1;

  /** Below are 0, which is reserved, and 1, the default discovery domain (§6.11.2.1). */
  private static final int FIRST_INDEX = 2;

  private static final int TARGETS_REMEMBERED = 100_000;

  /** RFC 4171 §5.6.5.1: the portal group tag where none is registered. */
  private static final int DEFAULT_GROUP = 1;

  private final IsnsSettings settings;
  private final IsnsTargets targets;
  private final List<IsnsObject> ourPortals;
  private final LongSupplier seconds;
  private final Map<String, Integer> targetIndexes = new Bounded<>(TARGETS_REMEMBERED);

  /** The same the other way round; both are used together, and so forget the same ones. */
  private final Map<Integer, String> targetNames = new Bounded<>(TARGETS_REMEMBERED);

  private final Map<List<IsnsAttribute>, Integer> ourGroups = new Bounded<>(Limits.GROUPS);
  private final Map<Integer, RegisteredEntity> entities = new LinkedHashMap<>();
  private final Map<String, RegisteredEntity> byNode = new HashMap<>();
  private final Map<String, RegisteredEntity> byName = new HashMap<>();
  private long forgotten;
  private int nextIndex = FIRST_INDEX;

  /**
   * @param seconds since 1970
   */
  IsnsDatabase(IsnsSettings settings, IsnsTargets targets, LongSupplier seconds) {
    this.settings = settings;
    this.targets = targets;
    this.seconds = seconds;
    this.ourPortals =
        settings.portals().stream().map(Portal::address).map(this::ourPortal).toList();
  }

  long now() {
    return seconds.getAsLong();
  }

  int newIndex() {
    return nextIndex++;
  }

  IsnsTargets targets() {
    return targets;
  }

  // ---- what one sees

  /**
   * What an initiator sees.
   *
   * @param source its name, in normal form
   * @param named targets that its request names in full
   */
  IsnsView view(String source, InetAddress address, Set<String> named) {
    List<IsnsObject> objects = new ArrayList<>();
    List<Target> visible =
        targets.visibleTo(source, address, named).stream().limit(Limits.TARGETS).toList();
    Optional<RegisteredEntity> own = entityOf(source, address);
    if (!visible.isEmpty()) {
      objects.add(ourEntity());
      objects.addAll(ourPortals);
      objects.add(domainSet());
      for (Target target : visible) {
        IsnsObject node = node(target);
        objects.add(node);
        for (int i = 0; i < ourPortals.size(); i++) {
          int tag = settings.portals().get(i).group();
          objects.add(portalGroup(OURS, node, ourPortals.get(i), tag, ourGroups));
        }
        objects.add(domain(target, source, own));
      }
    }
    own.ifPresent(
        each -> {
          each.objects().forEach(objects::add);
          for (IsnsObject node : each.nodes()) {
            each.portals().stream()
                .map(portal -> portalGroup(each.index, node, portal, DEFAULT_GROUP, each.groups))
                .forEach(objects::add);
          }
        });
    return new IsnsView(objects);
  }

  /**
   * The portal group of a node and a portal (RFC 4171 §3.4). Its index is the same as long as we
   * run and its entity lasts, also when either of them comes back (§6.5.5).
   */
  private IsnsObject portalGroup(
      int entity,
      IsnsObject node,
      IsnsObject portal,
      int tag,
      Map<List<IsnsAttribute>, Integer> indexes) {
    List<IsnsAttribute> keys =
        List.of(
            IsnsAttribute.of(Tag.GROUP_NODE_NAME, node.value(Tag.NODE_NAME).text()),
            IsnsAttribute.of(Tag.GROUP_ADDRESS, portal.value(Tag.PORTAL_ADDRESS).address()),
            IsnsAttribute.of(Tag.GROUP_PORT, portal.value(Tag.PORTAL_PORT).number()));
    List<IsnsAttribute> attributes = new ArrayList<>(keys);
    attributes.add(IsnsAttribute.of(Tag.GROUP_TAG, tag));
    attributes.add(
        IsnsAttribute.of(Tag.GROUP_INDEX, indexes.computeIfAbsent(keys, _ -> newIndex())));
    return new IsnsObject(ObjectType.PORTAL_GROUP, entity, attributes);
  }

  /** Portal groups whose index is remembered. */
  int groups() {
    return ourGroups.size() + entities.values().stream().mapToInt(each -> each.groups.size()).sum();
  }

  /** The names of the targets that an initiator sees. */
  Set<String> targetsOf(String source, InetAddress address) {
    return targets.visibleTo(source, address, Set.of()).stream()
        .limit(Limits.TARGETS)
        .map(each -> each.name().value())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private IsnsObject ourEntity() {
    return new IsnsObject(
        ObjectType.ENTITY,
        OURS,
        List.of(
            IsnsAttribute.of(Tag.ENTITY_ID, settings.entity()),
            IsnsAttribute.of(Tag.ENTITY_PROTOCOL, ISCSI),
            IsnsAttribute.of(
                Tag.MANAGEMENT_ADDRESS, settings.portals().getFirst().address().getAddress()),
            IsnsAttribute.of(Tag.TIMESTAMP, now()),
            IsnsAttribute.of(Tag.PROTOCOL_VERSIONS, 0),
            IsnsAttribute.of(Tag.REGISTRATION_PERIOD, Limits.PERIOD),
            IsnsAttribute.of(Tag.ENTITY_INDEX, OURS)));
  }

  private IsnsObject ourPortal(InetSocketAddress address) {
    return new IsnsObject(
        ObjectType.PORTAL,
        OURS,
        List.of(
            IsnsAttribute.of(Tag.PORTAL_ADDRESS, address.getAddress()),
            IsnsAttribute.of(Tag.PORTAL_PORT, address.getPort()),
            IsnsAttribute.of(Tag.PORTAL_INDEX, newIndex())));
  }

  private IsnsObject node(Target target) {
    return new IsnsObject(
        ObjectType.NODE,
        OURS,
        List.of(
            IsnsAttribute.of(Tag.NODE_NAME, target.name().value()),
            IsnsAttribute.of(Tag.NODE_TYPE, TARGET),
            IsnsAttribute.of(Tag.NODE_ALIAS, target.alias()),
            IsnsAttribute.of(Tag.NODE_INDEX, indexOf(target))));
  }

  private int indexOf(Target target) {
    String name = target.name().value();
    int index = targetIndexes.computeIfAbsent(name, _ -> newIndex());
    targetNames.put(index, name);
    return index;
  }

  private static IsnsObject domainSet() {
    return new IsnsObject(
        ObjectType.DOMAIN_SET,
        OURS,
        List.of(
            IsnsAttribute.of(Tag.DOMAIN_SET_ID, DOMAIN_SET),
            IsnsAttribute.of(Tag.DOMAIN_SET_NAME, "clients"),
            IsnsAttribute.of(Tag.DOMAIN_SET_STATUS, ENABLED)));
  }

  /** A domain for each disk; of its members one sees the disk and oneself. */
  private IsnsObject domain(Target target, String source, Optional<RegisteredEntity> own) {
    List<IsnsAttribute> attributes =
        new ArrayList<>(
            List.of(
                IsnsAttribute.of(Tag.DOMAIN_ID, indexOf(target)),
                IsnsAttribute.of(Tag.DOMAIN_NAME, target.alias()),
                IsnsAttribute.of(Tag.DOMAIN_MEMBER_INDEX, indexOf(target)),
                IsnsAttribute.of(Tag.DOMAIN_MEMBER_NAME, target.name().value())));
    own.map(each -> each.node(source))
        .map(node -> RegisteredEntity.number(node, Tag.NODE_INDEX))
        .ifPresent(index -> attributes.add(IsnsAttribute.of(Tag.DOMAIN_MEMBER_INDEX, index)));
    attributes.add(IsnsAttribute.of(Tag.DOMAIN_MEMBER_NAME, source));
    attributes.add(IsnsAttribute.of(Tag.DOMAIN_FEATURES, BOOT_LIST));
    return new IsnsObject(ObjectType.DOMAIN, OURS, attributes);
  }

  // ---- what initiators registered

  Stream<RegisteredEntity> entities() {
    return List.copyOf(entities.values()).stream();
  }

  /** The entity that an initiator registered from that address. */
  Optional<RegisteredEntity> entityOf(String node, InetAddress owner) {
    return entityWithNode(node).filter(each -> each.owner.equals(owner));
  }

  /** Any entity with that name, whoever registered it. */
  Optional<RegisteredEntity> entityNamed(IsnsAttribute id) {
    return Optional.ofNullable(byName.get(id.text().toLowerCase(Locale.ROOT)));
  }

  /** Any entity with that node, whoever registered it. */
  Optional<RegisteredEntity> entityWithNode(String name) {
    return Optional.ofNullable(byNode.get(name));
  }

  boolean isOurEntity(IsnsAttribute id) {
    return id.text().equalsIgnoreCase(settings.entity());
  }

  /** Whether it is our portal, or one of our targets by its index, that these keys are of. */
  boolean isOurs(List<IsnsAttribute> keys) {
    IsnsAttribute key = keys.getFirst();
    return key.is(Tag.NODE_INDEX)
        ? targetNames.containsKey(key.number())
        : ourPortals.stream().anyMatch(each -> each.matches(keys));
  }

  /**
   * A new entity, not in the database yet.
   *
   * @param id its name, or null for one of our making
   */
  RegisteredEntity draft(InetAddress owner, @Nullable String id) {
    int index = newIndex();
    // RFC 4171 §6.2.1: names of our making begin with "isns:".
    return new RegisteredEntity(index, owner, id == null ? "isns:" + index : id, now());
  }

  /** Takes an entity in, in the place of the one with its index and of those that it supersedes. */
  void put(RegisteredEntity entity, Set<RegisteredEntity> superseded) throws IsnsException {
    int others = 0;
    int ofOne = 0;
    for (RegisteredEntity each : entities.values()) {
      if (each.index != entity.index && !superseded.contains(each)) {
        others++;
        ofOne += each.owner.equals(entity.owner) ? 1 : 0;
      }
    }
    if (others >= Limits.ENTITIES || ofOne >= Limits.ENTITIES_OF_ONE) {
      throw new IsnsException(IsnsStatus.BUSY, "too many registrations");
    }
    superseded.forEach(this::remove);
    Optional.ofNullable(entities.get(entity.index)).ifPresent(this::remove);
    entities.put(entity.index, entity);
    byName.put(name(entity), entity);
    entity.nodes().forEach(each -> byNode.put(each.value(Tag.NODE_NAME).text(), entity));
  }

  private static String name(RegisteredEntity entity) {
    return entity.id().text().toLowerCase(Locale.ROOT);
  }

  void remove(RegisteredEntity entity) {
    entities.remove(entity.index);
    byName.remove(name(entity));
    entity.nodes().forEach(each -> byNode.remove(each.value(Tag.NODE_NAME).text()));
  }

  /** A message of an initiator came: what it registered lasts on (RFC 4171 §6.2.6). */
  void heard(String source, InetAddress owner) {
    entityOf(source, owner).ifPresent(each -> each.heard = now());
  }

  /** Forgets what nobody spoke of for its period. */
  void forget() {
    if (forgotten != now()) {
      forgotten = now();
      entities()
          .filter(each -> each.period() > 0 && each.heard + each.period() < now())
          .forEach(this::remove);
    }
  }
}
