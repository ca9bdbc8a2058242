// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.SyntaxException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a DevAttrReg describes (RFC 4171 §5.6.5.1), object by object, and whether a stranger may say
 * so: initiators only, and only at his own address.
 *
 * @param objects in their order; each attribute once
 */
record Registration(List<Described> objects) {
  private static final int INITIATOR = 2;
  private static final int ISCSI = 2;
  private static final int NO_PROTOCOL = 1;

  /**
   * An object as a message describes it.
   *
   * @param keys none for an entity whose name we are to make
   * @param others those without a value take one back
   */
  record Described(ObjectType type, List<IsnsAttribute> keys, Map<Integer, IsnsAttribute> others) {

    /** What it says of an attribute, if it gives it a value. */
    Optional<IsnsAttribute> value(Tag tag) {
      return Optional.ofNullable(others.get(tag.number())).filter(each -> !each.isEmpty());
    }

    int number(Tag tag, int otherwise) {
      return value(tag).map(IsnsAttribute::number).orElse(otherwise);
    }
  }

  /** Cuts operating attributes where an object's keys begin. */
  static Registration read(List<IsnsAttribute> attributes) throws IsnsException {
    List<Described> objects = new ArrayList<>();
    @Nullable Described last = null;
    for (IsnsAttribute each : attributes) {
      ObjectType type = typeOf(each);
      Tag first = type.keys().getFirst();
      boolean key = type.keys().stream().anyMatch(each::is);
      boolean begins = each.is(first) || (!key && last == null && type == ObjectType.ENTITY);
      if (begins) {
        last = new Described(type, new ArrayList<>(), new LinkedHashMap<>());
        objects.add(last);
      }
      if (last == null || last.type() != type) {
        throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "an attribute before its object's key");
      }
      // RFC 4171 §5.6.4: keys first, and whatever belongs to an entity behind it.
      if ((key && !last.others().isEmpty())
          || (begins && type == ObjectType.ENTITY && objects.size() > 1)) {
        throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "a key that comes too late");
      }
      if (!key) {
        last.others().put(each.tag(), each);
      } else if (!each.isEmpty()) {
        last.keys().add(each);
      }
    }
    for (Described each : objects) {
      boolean unnamed = each.type() == ObjectType.ENTITY && each.keys().isEmpty();
      if (!unnamed && !isComplete(each)) {
        throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "an object without its keys");
      }
    }
    // RFC 4171 §5.6.5.1: a given object may only appear once.
    if (objects.stream().map(Described::keys).distinct().count() < objects.size()) {
      throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "an object that is described twice");
    }
    return new Registration(objects);
  }

  private static boolean isComplete(Described object) {
    return object.keys().size() == object.type().keys().size()
        && object.type().keys().stream()
            .allMatch(tag -> object.keys().stream().anyMatch(each -> each.is(tag)));
  }

  private static ObjectType typeOf(IsnsAttribute attribute) throws IsnsException {
    ObjectType type =
        ObjectType.of(attribute.tag())
            .orElseThrow(
                () ->
                    wrong(
                        Tag.isReadOnly(attribute.tag())
                            ? IsnsStatus.INVALID_REGISTRATION
                            : IsnsStatus.ATTRIBUTE_NOT_IMPLEMENTED,
                        "attribute " + attribute.tag()));
    return switch (type) {
      case ENTITY, PORTAL, NODE -> type;
      default ->
          throw wrong(
              IsnsStatus.REGISTRATION_FEATURE_NOT_SUPPORTED, "portal groups are what they are");
    };
  }

  /**
   * Refuses what the sender may not say.
   *
   * @param sender the address that the message came from
   */
  void check(InetAddress sender, IsnsTargets targets) throws IsnsException {
    int entities = 0;
    for (Described each : objects) {
      for (IsnsAttribute other : each.others().values()) {
        if (!Tag.of(other.tag()).map(Tag::isRegistered).orElse(false)) {
          throw wrong(IsnsStatus.INVALID_REGISTRATION, "attribute " + other.tag() + " is ours");
        }
      }
      switch (each.type()) {
        case ENTITY -> {
          entities++;
          checkEntity(each, sender);
        }
        case PORTAL -> checkPortal(each, sender);
        default -> checkNode(each, targets);
      }
    }
    if (entities > 1 || objects.isEmpty()) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a registration is of one entity");
    }
  }

  private static void checkEntity(Described entity, InetAddress sender) throws IsnsException {
    int protocol = entity.number(Tag.ENTITY_PROTOCOL, ISCSI);
    if (protocol != ISCSI && protocol != NO_PROTOCOL) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a protocol other than iSCSI");
    }
    if (entity.value(Tag.MANAGEMENT_ADDRESS).filter(e -> !e.address().equals(sender)).isPresent()) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a management address of somebody else");
    }
  }

  private static void checkPortal(Described portal, InetAddress sender) throws IsnsException {
    if (!portal.keys().getFirst().address().equals(sender)) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a portal at another address than the sender's");
    }
    if (portal.number(Tag.ESI_INTERVAL, 0) != 0
        && IsnsPort.of(portal.number(Tag.ESI_PORT, 0)).isEmpty()) {
      throw wrong(IsnsStatus.ESI_NOT_AVAILABLE, "status inquiries without a port for them");
    }
  }

  private static void checkNode(Described node, IsnsTargets targets) throws IsnsException {
    String name = node.keys().getFirst().text();
    try {
      if (!IscsiName.parse(name).value().equals(name)) {
        throw wrong(IsnsStatus.INVALID_REGISTRATION, "a node's name in no normal form");
      }
    } catch (SyntaxException e) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a node's name that is none: " + e.problem());
    }
    if (targets.owns(name) || node.number(Tag.NODE_TYPE, INITIATOR) != INITIATOR) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "a node that is no initiator");
    }
    if ((node.number(Tag.NODE_SCN_BITMAP, 0) & Scn.MANAGEMENT) != 0) {
      throw wrong(IsnsStatus.INVALID_REGISTRATION, "management notifications for no manager");
    }
  }

  private static IsnsException wrong(IsnsStatus status, String problem) {
    return new IsnsException(status, problem);
  }
}
