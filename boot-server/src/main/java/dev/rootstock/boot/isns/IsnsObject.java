// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.ArrayList;
import java.util.List;

/**
 * An object of the database (RFC 4171 §3), with its attributes in the order of their tags. A
 * discovery domain has one attribute for each member.
 *
 * @param entity which entity it belongs to, or is; for domains any number
 * @param attributes none of them empty
 */
record IsnsObject(ObjectType type, int entity, List<IsnsAttribute> attributes) {

  IsnsObject {
    attributes = List.copyOf(attributes);
  }

  /** All values that the object has for an attribute. */
  List<IsnsAttribute> values(int tag) {
    return attributes.stream().filter(each -> each.tag() == tag).toList();
  }

  /** The one value of an attribute that every such object has. */
  IsnsAttribute value(Tag tag) {
    return values(tag.number()).getFirst();
  }

  List<IsnsAttribute> keys() {
    List<IsnsAttribute> keys = new ArrayList<>();
    type.keys().forEach(tag -> keys.add(value(tag)));
    return keys;
  }

  /** Whether it has all these attributes; an empty one asks for nothing. */
  boolean matches(List<IsnsAttribute> wanted) {
    return wanted.stream().allMatch(each -> each.isEmpty() || has(each));
  }

  private boolean has(IsnsAttribute wanted) {
    return attributes.stream().anyMatch(each -> isSame(each, wanted));
  }

  /** RFC 4171 §6.4.1: iSCSI names are compared in their normal form, which ours are in. */
  private static boolean isSame(IsnsAttribute one, IsnsAttribute other) {
    return one.equals(other)
        || (one.tag() == other.tag()
            && Tag.of(one.tag()).map(Tag::form).orElse(Tag.Form.NONE) == Tag.Form.TEXT
            && one.text().equalsIgnoreCase(other.text()));
  }
}
