// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What one initiator sees of the database: our targets that it may log in to, and what it
 * registered itself. Other initiators are in none of its discovery domains (RFC 4171 §5.6.1).
 *
 * @param objects each type's in the order of their index
 */
record IsnsView(List<IsnsObject> objects) {

  IsnsView {
    objects = List.copyOf(objects);
  }

  Stream<IsnsObject> all(ObjectType type) {
    return objects.stream().filter(each -> each.type() == type);
  }

  /**
   * Answers a query (RFC 4171 §5.6.5.2).
   *
   * @param keys the message key: of one type, or none for everything
   * @param wanted the operating attributes; none for all that there is
   */
  List<IsnsAttribute> query(List<IsnsAttribute> keys, List<IsnsAttribute> wanted)
      throws IsnsException {
    bound(keys, wanted);
    List<IsnsAttribute> answer = new ArrayList<>();
    List<List<IsnsAttribute>> runs = runs(wanted);
    if (runs.size() > Limits.RUNS) {
      throw new IsnsException(IsnsStatus.INVALID_QUERY, "attributes in too many runs");
    }
    if (keys.isEmpty()) {
      if (wanted.isEmpty()) {
        objects.forEach(each -> answer.addAll(each.attributes()));
      }
      for (List<IsnsAttribute> run : runs) {
        all(typeOf(run.getFirst())).forEach(each -> answer.addAll(values(each, run)));
      }
      return answer;
    }
    for (IsnsObject match : matching(keys)) {
      if (wanted.isEmpty()) {
        answer.addAll(match.attributes());
      }
      for (List<IsnsAttribute> run : runs) {
        related(match, typeOf(run.getFirst())).forEach(each -> answer.addAll(values(each, run)));
      }
    }
    return answer;
  }

  /** Work grows with what is named times what is seen; nobody needs an attribute many times. */
  private static void bound(List<IsnsAttribute> keys, List<IsnsAttribute> wanted)
      throws IsnsException {
    if (keys.size() + wanted.size() > Limits.ASKED) {
      throw new IsnsException(IsnsStatus.INVALID_QUERY, "too many attributes");
    }
  }

  private List<IsnsObject> matching(List<IsnsAttribute> keys) throws IsnsException {
    ObjectType type = typeOf(keys.getFirst());
    for (IsnsAttribute key : keys) {
      if (typeOf(key) != type) {
        throw new IsnsException(IsnsStatus.INVALID_QUERY, "a message key of several objects");
      }
    }
    return all(type).filter(each -> each.matches(keys)).toList();
  }

  /**
   * The object after the one with these keys (RFC 4171 §5.6.5.3); with empty ones the first.
   *
   * @param wanted attributes with values limit what is looked at
   */
  Optional<IsnsObject> next(List<IsnsAttribute> keys, List<IsnsAttribute> wanted)
      throws IsnsException {
    bound(keys, wanted);
    if (keys.isEmpty()) {
      throw new IsnsException(IsnsStatus.INVALID_QUERY, "the next of what");
    }
    ObjectType type = typeOf(keys.getFirst());
    for (IsnsAttribute each : Stream.concat(keys.stream(), wanted.stream()).toList()) {
      if (typeOf(each) != type) {
        throw new IsnsException(IsnsStatus.INVALID_QUERY, "attributes of several objects");
      }
    }
    return all(type)
        .filter(each -> keys.stream().allMatch(key -> !each.values(key.tag()).isEmpty()))
        .sorted((one, other) -> compare(keys(one, keys), keys(other, keys)))
        .filter(each -> compare(keys(each, keys), keys) > 0)
        .filter(each -> each.matches(wanted))
        .findFirst();
  }

  /** The object's values of these attributes. */
  static List<IsnsAttribute> keys(IsnsObject object, List<IsnsAttribute> keys) {
    return keys.stream().map(each -> object.values(each.tag()).getFirst()).toList();
  }

  /** By value; an empty one is before all others. So a key that is gone still has a next one. */
  private static int compare(List<IsnsAttribute> one, List<IsnsAttribute> other) {
    int compared = 0;
    for (int i = 0; i < one.size() && compared == 0; i++) {
      compared = one.get(i).compareValue(other.get(i));
    }
    return compared;
  }

  /** The values of the attributes that are asked for, in the order in which they are. */
  static List<IsnsAttribute> values(IsnsObject object, List<IsnsAttribute> wanted) {
    return wanted.stream().flatMap(each -> object.values(each.tag()).stream()).toList();
  }

  /** The objects of a type that belong to a matching one. */
  private Stream<IsnsObject> related(IsnsObject match, ObjectType type) {
    if (type == match.type()) {
      return Stream.of(match);
    }
    return all(type).filter(each -> isRelated(match, each) || isRelated(each, match));
  }

  /** In one direction; the other one is asked for as well. */
  private static boolean isRelated(IsnsObject one, IsnsObject other) {
    return switch (one.type()) {
      case ENTITY, PORTAL, NODE ->
          switch (other.type()) {
            case PORTAL_GROUP -> isGroupOf(other, one);
            case DOMAIN -> isMember(one, other);
            case DOMAIN_SET -> true;
            default -> one.entity() == other.entity();
          };
      case PORTAL_GROUP, DOMAIN -> other.type() == ObjectType.DOMAIN_SET;
      case DOMAIN_SET -> false;
    };
  }

  private static boolean isGroupOf(IsnsObject group, IsnsObject object) {
    return switch (object.type()) {
      case NODE -> text(group, Tag.GROUP_NODE_NAME).equals(text(object, Tag.NODE_NAME));
      case PORTAL ->
          group
                  .value(Tag.GROUP_ADDRESS)
                  .address()
                  .equals(object.value(Tag.PORTAL_ADDRESS).address())
              && group.value(Tag.GROUP_PORT).number() == object.value(Tag.PORTAL_PORT).number();
      default -> group.entity() == object.entity();
    };
  }

  /** A domain has nodes for members; their entities and portals are related through them. */
  private static boolean isMember(IsnsObject object, IsnsObject domain) {
    return object.type() == ObjectType.NODE
        ? domain.values(Tag.DOMAIN_MEMBER_NAME.number()).stream()
            .anyMatch(each -> each.text().equals(text(object, Tag.NODE_NAME)))
        : object.entity() == domain.entity();
  }

  private static String text(IsnsObject object, Tag tag) {
    return object.value(tag).text();
  }

  /** Operating attributes, cut where another object's begin. */
  private static List<List<IsnsAttribute>> runs(List<IsnsAttribute> wanted) throws IsnsException {
    List<List<IsnsAttribute>> runs = new ArrayList<>();
    for (IsnsAttribute each : wanted) {
      if (ObjectType.of(each.tag()).isEmpty()) {
        continue; // nobody has a value for it, which is no error (RFC 4171 §5.6.5.2)
      }
      ObjectType type = typeOf(each);
      if (runs.isEmpty() || typeOf(runs.getLast().getFirst()) != type) {
        runs.add(new ArrayList<>());
      }
      runs.getLast().add(each);
    }
    return runs;
  }

  private static ObjectType typeOf(IsnsAttribute attribute) throws IsnsException {
    return ObjectType.of(attribute.tag())
        .orElseThrow(
            () ->
                new IsnsException(
                    IsnsStatus.ATTRIBUTE_NOT_IMPLEMENTED, "attribute " + attribute.tag()));
  }
}
